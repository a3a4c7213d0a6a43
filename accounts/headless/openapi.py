"""OpenAPI description for apps: allauth's own, without what is not served and with the project's changes."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, cast

import yaml
from allauth.headless.spec.internal.schema import get_schema
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.views.decorators.http import require_safe

from accounts.headless import DEVICE_HEADER, SESSION_HEADER
from accounts.headless.endpoints import METHODS, get_methods

YAML_STRING_TAG: Final = "tag:yaml.org,2002:str"
API_ROOT: Final = "/_allauth/app/v1/"
DESCRIPTION: Final = """\
Signing in from a mobile or single-page app of this site, and managing the account.

While somebody signs in, answers carry `meta.session_token`; send it back as `X-Session-Token` with each further step.
A signed-in person gets `meta.access_token` (five minutes, `Authorization: Bearer …`, here and at `/api/v1/`),
`meta.refresh_token` (good once, for a fortnight after the last use) and `meta.device_token`: store it permanently and
send it as `X-Device-Token`, so that the next sign-in is not one from a new device.

A 401 with `flows` names the next steps; one with the error `invalid_token` requires a refresh; 410 means that the
session has ended; 403 names the reason in `errors`: `banned` or `account_closing`.
"""
UNSERVED_PATTERN: Final = re.compile(
    "phone|provider|username|usersessions|socialaccount|password_reset_by_code", re.IGNORECASE
)
CREDENTIAL_SCHEMA: Final = {"type": "string", "description": "The credential's id.", "example": "-J4JNfPfnLyRSMK4R"}
OPERATION_DESCRIPTIONS: Final = {
    "config": "Configuration of this site. The same for everybody; request it once.",
    "auth/login": "Sign in by address and password.",
    "auth/signup": "Create an account by address and password. Sends a code, or another email to a registered address.",
    "account/password/change": "Change the password; other sessions end. `current_password` unless there is none.",
    "tokens/refresh": "The next pair. Reusing a refresh token ends the session.",
}
ERROR_SCHEMA: Final = {
    "type": "object",
    "required": ["status", "errors"],
    "properties": {
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
# What any of them may answer, beside its own.
SHARED_RESPONSES: Final = {
    "401": ("AuthenticationResponse", "Not signed in, with the steps that are open; or the error `invalid_token`."),
    "403": ("Refused", "The reason: `banned`, `account_closing`, `sign_in_anew`."),
    "410": ("SessionGoneResponse", "The session is over."),
    "429": ("Refused", "Too often. `Retry-After` says for how many seconds."),
    "503": ("Refused", "A part that is needed cannot be reached: `unavailable`."),
}


SECURITY_SCHEMES: Final = {
    "access": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The access token."},
    "steps": {"type": "apiKey", "in": "header", "name": SESSION_HEADER, "description": "During sign-in."},
    "device": {
        "type": "apiKey",
        "in": "header",
        "name": DEVICE_HEADER,
        "description": "Identifies the device.",
    },
}
SIGNED_IN_PATTERN: Final = re.compile("account/|reauthenticate$")


class Dumper(yaml.SafeDumper):
    """Writes multi-line texts as block scalars."""


Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        YAML_STRING_TAG, text.strip(), style="|" if "\n" in text.strip() else None
    ),
)


@require_safe
def schema_view(request: HttpRequest) -> HttpResponse:
    """Return the description as a file."""
    return HttpResponse(render_schema(), content_type="application/vnd.oai.openapi")


@cache
def render_schema() -> str:
    """Return the description as written to docs/openapi-app.yaml."""
    return yaml.dump(build_schema(), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)


def build_schema() -> dict[str, Any]:
    """Build the description. A test checks that it contains exactly the served operations."""
    spec: dict[str, Any] = get_schema()
    spec_parts = {key: spec[key] for key in ("openapi", "paths", "components")}
    spec_parts = cast("dict[str, Any]", _remove_unserved(spec_parts))
    spec_parts["info"] = {"title": "Signing in from an app", "description": DESCRIPTION, "version": "1.0.0"}
    schemas = spec_parts["components"]["schemas"]
    schemas |= {"AuthenticatorID": CREDENTIAL_SCHEMA, "Refused": ERROR_SCHEMA}
    schemas["BaseAuthenticationMeta"]["properties"] |= {
        "refresh_token": {"type": "string", "description": "Good once, for the next pair."},
        "device_token": {"type": "string", "description": "Store it permanently and send it as X-Device-Token."},
    }
    spec_parts["components"]["responses"] |= {
        f"Shared{status}": _build_response(*one) for status, one in SHARED_RESPONSES.items()
    }
    for path, operations in spec_parts["paths"].items():
        for method in [name for name in operations if name in METHODS]:
            if method not in get_methods(resolve(path).func.view_class):  # type: ignore[attr-defined]
                del operations[method]
                continue
            _complete_operation(path.removeprefix(API_ROOT), operations[method])
    _prune_components(spec_parts)
    spec_parts["components"]["securitySchemes"] = SECURITY_SCHEMES
    return spec_parts


def _complete_operation(name: str, operation: dict[str, Any]) -> None:
    """Set the description, the shared responses and the security schemes of an operation."""
    if name in OPERATION_DESCRIPTIONS:
        operation["description"] = OPERATION_DESCRIPTIONS[name]
    for status in SHARED_RESPONSES:
        operation["responses"].setdefault(status, {"$ref": f"#/components/responses/Shared{status}"})
    parameters = operation.pop("parameters", [])
    if remaining := [one for one in parameters if one != {"$ref": "#/components/parameters/SessionToken"}]:
        operation["parameters"] = remaining
    anybody: list[dict[str, list[str]]] = [{"steps": [], "device": []}, {"device": []}, {}]
    operation["security"] = [{"access": []}] if SIGNED_IN_PATTERN.search(name) else anybody
    if name == "auth/session":
        operation["security"] = [{"access": []}, {"steps": []}, {}]


def _build_response(schema: str, words: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": words, "content": content}


def _remove_unserved(part: Any) -> Any:
    """Remove properties, choices, examples and steps that are not served."""
    if isinstance(part, dict):
        remaining = {
            key: _remove_unserved(value)
            for key, value in part.items()
            if not UNSERVED_PATTERN.search(key) and _is_served(value)
        }
        return {key: value for key, value in remaining.items() if value not in ([], {}) or part[key] in ([], {})}
    if isinstance(part, list):
        return [_remove_unserved(value) for value in part if _is_served(value)]
    return (
        "Depends on the configuration." if isinstance(part, str) and "allauth" in part.replace(API_ROOT, "") else part
    )


def _is_served(value: Any) -> bool:
    """Whether an item of a list or mapping is served; texts always are."""
    if isinstance(value, str):
        return " " in value.strip() or not UNSERVED_PATTERN.search(value)
    if isinstance(value, dict):
        named = (str(value.get(key, "")) for key in ("id", "$ref", "title"))
        needed = value.get("required", ()) if isinstance(value.get("required"), list) else ()
        return not any(UNSERVED_PATTERN.search(name) for name in (*named, *needed))
    return True


def _prune_components(spec: dict[str, Any]) -> None:
    """Remove unreferenced components."""
    found: set[str] = set()
    waiting = list(find_references(spec["paths"]))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            kind, _slash, key = name.removeprefix("#/components/").partition("/")
            waiting += find_references(spec["components"][kind][key])
    for kind, parts in spec["components"].items():
        spec["components"][kind] = {k: part for k, part in parts.items() if f"#/components/{kind}/{k}" in found}


def find_references(part: Any) -> Iterator[str]:
    """Yield the references of a part of the description."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from find_references(inner)
