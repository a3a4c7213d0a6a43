"""What every endpoint shares: errors as problem+json, keyset pages, scopes, money on the wire."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar, cast

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers, viewsets
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from core.api import conditional, parameters, sparse_fields
from core.api.csv_renderer import CsvRenderer
from core.api.deprecation import Deprecation
from core.api.fields import UrlField
from core.api.parsers import BodyTooLarge
from core.api.permissions import grant_of
from core.api.problems import CONTENT_TYPE, problem
from core.context import Actor, Grant
from core.errors import Denied, DomainError, out_of_range
from core.money import Money

M = TypeVar("M", bound=Model)


class ProblemError(serializers.Serializer[Any]):
    """One wrong part of the input: a JSON pointer (RFC 6901) to it, a code and words."""

    pointer = serializers.CharField(help_text='"" is the whole input.')
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """An error, as RFC 9457 defines it."""

    type = UrlField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    required_permission = serializers.CharField(
        required=False, help_text="With `permission_denied`: what a role of the person must hold."
    )
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]  # the wire's name wins


def problem_handler(failure: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal becomes problem+json. Faults stay faults (None)."""
    if isinstance(failure, DomainError):
        return _from_domain(failure)
    if isinstance(failure, RequestDataTooBig):
        return _from_domain(BodyTooLarge())
    if isinstance(failure, DataError):
        return _from_domain(out_of_range(failure))
    if isinstance(failure, DjangoValidationError):
        failure = exceptions.ValidationError(serializers.as_serializer_error(failure))
    if isinstance(failure, Http404):
        failure = exceptions.NotFound()
    if isinstance(failure, PermissionDenied):
        failure = exceptions.PermissionDenied(str(failure) or None)
    response = drf_handler(failure, dict(context))
    if response is None or not isinstance(failure, exceptions.APIException):
        return response
    return _from_drf(failure, response)


def _from_domain(refusal: DomainError) -> Response:
    extra: dict[str, Any] = {}
    if refusal.pointer:
        extra["errors"] = [{"pointer": refusal.pointer, "code": refusal.code, "detail": refusal.detail}]
    if permission := refusal.details.get("required_permission"):
        extra["required_permission"] = permission
    response = Response(problem(refusal.status, refusal.code, refusal.detail, **extra), refusal.status)
    response.content_type = CONTENT_TYPE
    if retry_after := refusal.details.get("retry_after"):
        response["Retry-After"] = str(retry_after)
    return response


def _from_drf(failure: exceptions.APIException, response: Response) -> Response:
    code = failure.get_codes()
    extra: dict[str, Any] = {}
    detail = str(failure.detail)
    if isinstance(failure, exceptions.ValidationError):
        extra["errors"] = list(_flatten(failure.get_full_details()))
        detail, code = str(_("Some fields are not valid.")), "invalid"
    response.data = problem(response.status_code, str(code), detail, **extra)
    response.content_type = CONTENT_TYPE
    return response


def _flatten(details: Any, pointer: str = "") -> list[dict[str, str]]:
    """The parts of a failure with their JSON pointers; the whole input is "" (RFC 6901)."""
    if isinstance(details, Mapping) and set(details) == {"message", "code"}:
        return [{"pointer": pointer, "code": str(details["code"]), "detail": str(details["message"])}]
    if isinstance(details, Mapping):
        parts = ((pointer + _step(str(name)), part) for name, part in details.items())
    else:
        leaves = all(isinstance(part, Mapping) and set(part) == {"message", "code"} for part in details)
        parts = ((pointer if leaves else f"{pointer}/{index}", part) for index, part in enumerate(details))
    return [found for where, part in parts for found in _flatten(part, where)]


def _step(name: str) -> str:
    """One step of a JSON pointer, escaped (RFC 6901, 3)."""
    return "" if name == "non_field_errors" else "/" + name.replace("~", "~0").replace("/", "~1")


class In(serializers.Serializer[Any]):
    """Input of a write. `In.parse(request)` gives the validated values or raises a 400 problem.

    What it does not know is refused: a misspelt field would look like one that was taken.
    """

    @classmethod
    def parse(cls, request: Request, **kwargs: Any) -> dict[str, Any]:
        return cls._valid(request.data, **kwargs)

    @classmethod
    def parse_query(cls, request: Request) -> dict[str, Any]:
        """The same of the parameters of a read; others than these are the view's to know."""
        given = request.query_params.dict()
        return cls._valid({str(name): given[str(name)] for name in cls().fields if str(name) in given})

    @classmethod
    def _valid(cls, data: Any, **kwargs: Any) -> dict[str, Any]:
        given = cls(data=data, **kwargs)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def to_internal_value(self, data: Any) -> Any:
        """A text is a text: numbers are not taken for one, as the schema says."""
        wrong: dict[str, list[exceptions.ErrorDetail]] = {}
        for name, value in data.items() if isinstance(data, Mapping) else ():
            field = self.fields.get(name)
            if field is None:
                wrong[name] = [exceptions.ErrorDetail(str(_("There is no such field here.")), "unknown_field")]
            elif isinstance(field, serializers.CharField) and isinstance(value, int | float):
                wrong[name] = [exceptions.ErrorDetail(str(field.error_messages["invalid"]), "invalid")]
        if wrong:
            raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)

    def create(self, validated_data: Any) -> Any:
        raise TypeError("inputs are handed to services")

    def update(self, instance: Any, validated_data: Any) -> Any:
        raise TypeError("inputs are handed to services")


class NothingIn(In):
    """For writes without a body: any field is rejected."""


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "example": "12.50"},
            "currency": {"type": "string", "example": "EUR"},
        },
        "required": ["amount", "currency"],
    }
)
class MoneyField(serializers.Field[Money, Any, dict[str, str], Any]):
    """`{"amount": "12.50", "currency": "EUR"}`."""

    columns: ClassVar[tuple[str, ...]] = ("amount", "currency")
    default_error_messages: ClassVar[dict[str, Any]] = {
        "shape": 'Give an object like {{"amount": "12.50", "currency": "EUR"}}.',
        "amount": "{reason}.",
    }

    def to_representation(self, value: Money) -> dict[str, str]:
        return {"amount": str(value.amount), "currency": value.currency}

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, Mapping) or set(data) != set(self.columns):
            self.fail("shape")
        if not all(isinstance(part, str) for part in data.values()):
            self.fail("shape")
        try:
            return Money.parse(data["amount"], data["currency"])
        except ValueError as wrong:
            self.fail("amount", reason=str(wrong))


class GrantedViewMixin:
    """What every endpoint supports: its caller, `?fields=`, CSV for lists, conditional requests.

    An `@action` that reads says with `serializer_class` what it answers with, and with `is_list` that it is a list.
    `parameters` names what else than filters it takes in a query.
    `required_permission` is what a person must hold by a role to get anything here; who does not is refused (403).
    `program_scopes` are, where no scope is required, those by which a program acts as its person; without it is nobody.
    `version_field` names the number in the answer that counts a row's versions: then writes compare it themselves.
    """

    required_scopes: ClassVar[Mapping[str, str]] = {}
    program_scopes: ClassVar[Mapping[str, str]] = {}
    required_permission: ClassVar[str] = ""
    serializer_class: Any = None
    is_list: bool | None = None
    version_field: ClassVar[str] = ""
    parameters: Sequence[str] = ()
    # Those of requests that change something.
    write_parameters: Sequence[str] = ()
    deprecation: Deprecation | None = None
    fields_asked: tuple[str, ...] = ()

    @property
    def grant(self) -> Grant:
        return grant_of(self.request)  # type: ignore[attr-defined]  # every view has one

    def shape(self) -> type[serializers.Serializer[Any]] | None:
        """What the running action answers with."""
        chosen: Any = getattr(self, "get_serializer_class", lambda: self.serializer_class)()
        return cast("type[serializers.Serializer[Any]] | None", chosen)

    def gives_list(self) -> bool:
        """Whether the running action reads a list; what writes to the same address does not."""
        action = getattr(self, "action", None)
        if self.is_list is None:
            return action == "list"
        return self.is_list and action == getattr(self, "action_map", {}).get("get")

    def is_for(self, by: Actor) -> bool:
        """Whether somebody's roles open this at all."""
        return not self.required_permission or by.can(self.required_permission)

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)  # type: ignore[misc]  # as above
        if not self.is_for(self.grant.actor):
            raise Denied(required_permission=self.required_permission)

    def get_renderers(self) -> list[BaseRenderer]:
        first, *others = super().get_renderers()  # type: ignore[misc]  # this is mixed into a view
        return [first, CsvRenderer(), *others] if self.gives_list() else [first, *others]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with conditional.one_at_a_time(request.path) if self._compares(request) else nullcontext():
            answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # as above
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # as above
        parameters.require_known(request, self)
        if request.method == "DELETE":
            NothingIn.parse(request)
        if request.method in conditional.READS:
            self.fields_asked = sparse_fields.asked_fields(request, self.shape())
            return
        _ = request.data  # a body that cannot be read is refused also where nothing in it is used
        if self._compares(request):
            conditional.require_unchanged(self, request)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]  # as above
        if self.deprecation is not None:
            self.deprecation.mark(response)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            _tell_programs(response)
        elif request.method in conditional.READS and not isinstance(response.accepted_renderer, BrowsableAPIRenderer):
            version = response.data.get(self.version_field) if self.version_field else None
            if self.fields_asked:
                response.data = sparse_fields.pick(response.data, self.fields_asked)
                response.content_type = sparse_fields.content_type_of(response.accepted_renderer)
            conditional.tag(response, request, version)
        return response

    def _compares(self, request: HttpRequest | Request) -> bool:
        return request.method in conditional.WRITES and "If-Match" in request.headers and not self.version_field


def _tell_programs(response: Response) -> None:
    """An error is problem+json for any Accept header; in a browser it is shown on the API's own page."""
    if isinstance(response.accepted_renderer, BrowsableAPIRenderer):
        response.content_type = None
    else:
        response.accepted_renderer = JSONRenderer()
        response.accepted_media_type = JSONRenderer.media_type


class ReadViewSet(GrantedViewMixin, viewsets.ReadOnlyModelViewSet[M]):
    """List and detail by public id. `get_queryset` scopes to the caller: that scoping is the authorisation."""

    ordering: Sequence[str] = ("-id",)
    ordering_fields: ClassVar[Sequence[str]] = ()
