"""The API's schema: what every operation shares is said here once, so that no view can forget it.

Scopes, refusals with their codes, limits, conditional requests, `?fields=`, idempotency and deprecation follow from
what a view declares for itself to work.
"""

from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from core.api import error_codes, sparse_fields
from core.api.csv_renderer import CsvRenderer
from core.api.problems import CONTENT_TYPE, problem
from core.api.viewsets import Problem

NAMES: Final = {
    400: "BadRequest",
    401: "NotSignedIn",
    403: "Forbidden",
    404: "NotFound",
    406: "NotAcceptable",
    409: "Conflict",
    412: "Stale",
    415: "UnsupportedMediaType",
    422: "Unprocessable",
    428: "ConditionMissing",
    429: "TooMany",
    503: "Unavailable",
}
OWN: Final = frozenset({403, 404, 409, 422, 503})  # the codes of these differ between apps
HEADERS: Final = {
    "ETag": "Names this version of the answer, for If-None-Match and If-Match.",
    "Link": 'The page after and the page before, as rel="next" and rel="prev".',
    "RateLimit": "What is left: r requests, for t seconds.",
    "RateLimit-Policy": "The limit: q requests in w seconds.",
    "Retry-After": "Seconds to wait.",
    "Idempotent-Replayed": "true when this answer was given before, to the same Idempotency-Key.",
    "Deprecation": "Since when this should not be used any more (RFC 9745).",
    "Sunset": "When this goes (RFC 8594).",
}
IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that the same address gave as JSON, without `fields`: 412 if it has changed since.",
)
IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="ETags the caller has: 304 if one still holds."
)
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Made by the caller; the same request with the same key happens once and is answered alike.",
)


class Schema(AutoSchema):
    """Reads what the views declare; a view without a declaration is described as drf-spectacular does."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None and self._scope:
            operation["x-required-scope"] = self._scope
        return operation

    def get_description(self) -> str:  # type: ignore[override]  # as in the package
        deprecation = getattr(self.view, "deprecation", None)
        said = (super().get_description(), deprecation and deprecation.in_words(), self._who())
        return "\n\n".join(filter(None, said))

    def _who(self) -> str:
        """Whom it answers."""
        permission = getattr(self.view, "required_permission", "")
        program = getattr(self.view, "program_scopes", {}).get(self.method)
        role = f" Only for staff whose role holds `{permission}`." if permission else ""
        person = f" A program acts as its person with the scope `{program}`." if program else ""
        return (f"Needs the scope `{self._scope}`." if self._scope else f"Open to everyone.{person}") + role

    def get_summary(self) -> str:
        """The first sentence of what is said of it."""
        return super().get_description().split("\n")[0].split(". ")[0].rstrip(".")

    def get_auth(self) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = super().get_auth()
        return ways if self._scope else [*ways, {}]

    def is_deprecated(self) -> bool:
        return bool(super().is_deprecated()) or getattr(self.view, "deprecation", None) is not None

    def _is_list_view(self, serializer: Any = None) -> bool:
        """A view that says its list action gives one thing is believed."""
        return getattr(self.view, "is_list", None) is not False and bool(super()._is_list_view(serializer))

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *self._shared_parameters()]

    def _get_parameters(self) -> list[dict[str, Any]]:
        """Without parts of the path that this address does not have, though the whole view is said to."""
        parameters: list[dict[str, Any]] = super()._get_parameters()
        return [one for one in parameters if one["in"] != "path" or f"{{{one['name']}}}" in self.path]

    def get_filter_backends(self) -> list[Any]:
        return [] if getattr(self.view, "filter_backends", None) == [] else super().get_filter_backends()

    def _shared_parameters(self) -> list[OpenApiParameter]:
        if self.method == "GET":
            return [IF_NONE_MATCH, *self._fields_parameter()]
        found = [IF_MATCH] if self._compares else []
        return [*found, IDEMPOTENCY_KEY] if self._takes_key else found

    def _fields_parameter(self) -> list[OpenApiParameter]:
        names = (
            sparse_fields.field_names(self.view.shape()) if hasattr(self.view, "shape") and self.view.shape() else ()
        )
        if not names:
            return []
        items = {"type": "array", "items": {"type": "string", "enum": list(names)}}
        words = "Only these parts of each thing, separated by commas."
        return [OpenApiParameter(sparse_fields.PARAMETER, items, description=words, explode=False, style="form")]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        plain = {CONTENT_TYPE: {"schema": self.resolve_serializer(Problem, "response").ref}}
        for status in self._statuses():
            responses.setdefault(str(status), {"content": plain})
        for said, response in responses.items():
            if int(said) in NAMES and response.get("content") == plain:
                responses[said] = self._refusal(int(said))
        if self.method == "GET":
            responses["304"] = self._shared("responses", "NotModified", {"description": "The caller has it already."})
        return dict(sorted(responses.items()))

    def _statuses(self) -> list[int]:
        """The error responses that every operation of this kind shares."""
        reads, scoped = self.method == "GET", self._scope is not None
        said = {
            400: True,  # a parameter, or a body, that it does not take
            401: scoped,
            403: scoped or not reads,  # a session's write without its token
            404: "{" in self.path or self._is_list_view() or self._takes_body,  # a body may name other things
            406: True,
            409: self._takes_key or self._takes_body,
            412: self._compares,
            415: not reads,
            422: self._takes_key or self._takes_body,
            428: bool(getattr(self.view, "version_field", "")) and self._compares,
            429: True,
        }
        return [status for status, is_said in said.items() if is_said]

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> dict[str, Any]:
        if int(status_code) >= 400:  # noqa: PLR2004  HTTP's own line
            media_types = [CONTENT_TYPE]
        response: dict[str, Any] = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        if CsvRenderer.media_type in response.get("content", {}):
            response["content"][CsvRenderer.media_type] = {"schema": {"type": "string"}}
        return response

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        own: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        return own | {name: self._header(name) for name in self._header_names(int(status_code))}

    def _header_names(self, status: int) -> list[str]:
        deprecation = getattr(self.view, "deprecation", None)
        said = {
            "ETag": self.method == "GET" and status == 200,  # noqa: PLR2004
            "Link": self._is_list_view() and status == 200,  # noqa: PLR2004
            "Idempotent-Replayed": self._takes_key and status < 300,  # noqa: PLR2004
            "RateLimit": True,
            "RateLimit-Policy": True,
            "Deprecation": deprecation is not None,
            "Sunset": deprecation is not None and deprecation.sunset is not None,
        }
        return [name for name, is_said in said.items() if is_said]

    def _header(self, name: str) -> dict[str, Any]:
        kind = "integer" if name == "Retry-After" else "string"
        return self._shared("headers", name, {"description": HEADERS[name], "schema": {"type": kind}})

    def _refusal(self, status: int) -> dict[str, Any]:
        """The error response that all operations of an app share."""
        part = self.view.__module__.split(".")[0]
        said = error_codes.messages_for(part if status in OWN else "all", status)
        name = f"{part.title()}{NAMES[status]}" if status in OWN else NAMES[status]
        words = "\n".join(f"- `{code}`: {detail}" for code, detail in said.items())
        headers = ["RateLimit", "RateLimit-Policy", *(["Retry-After"] if status in (429, 503) else [])]
        return self._shared(
            "responses",
            name,
            {
                "description": words,
                "headers": {header: self._header(header) for header in headers},
                "content": {
                    CONTENT_TYPE: {
                        "schema": self.resolve_serializer(Problem, "response").ref,
                        "example": example(status, *next(iter(said.items()))),
                    }
                },
            },
        )

    def _shared(self, kind: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        component = ResolvedComponent(name, kind, schema, name)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        ref: dict[str, Any] = component.ref
        return ref

    @property
    def _scope(self) -> str | None:
        found: str | None = getattr(self.view, "required_scopes", {}).get(self.method)
        return found

    @property
    def _takes_body(self) -> bool:
        return self.method != "GET" and self._get_request_body() is not None  # type: ignore[no-untyped-call]

    @property
    def _takes_key(self) -> bool:
        action = getattr(self.view, getattr(self.view, "action", None) or "", None)
        return bool(getattr(action, "takes_key", False))

    @property
    def _compares(self) -> bool:
        """Whether this changes what GET at the same address shows."""
        return self.method in ("PUT", "PATCH", "DELETE") and "get" in (getattr(self.view, "action_map", None) or {})


def example(status: int, code: str, detail: str) -> dict[str, Any]:
    return {**problem(status, code, detail), "request_id": "019a9f2e7b6c7d8e9fa0b1c2d3e4f5a6"}
