"""Every refusal of the API becomes a problem; that of a program is noted too."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import BadCredential
from accounts.authentication.services import denials
from core.api.permissions import grant_of
from core.api.viewsets import problem_handler
from core.context import Actor

KINDS: Final = {"key": "api_key", "token": "client"}  # of a grant, and what it is held by


def noting_handler(failure: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler."""
    response = problem_handler(failure, context)
    if response is not None and response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        _note(failure, response.data["code"], context["request"])
    return response


def _note(failure: Exception, code: str, request: Request) -> None:
    match = request.resolver_match
    endpoint = f"{request.method} {match.view_name if match else ''}"
    if isinstance(failure, BadCredential):
        denials.note_refused(subject=failure.subject, why=failure.why, endpoint=endpoint, by=Actor.guest())
        return
    grant = grant_of(request)
    if kind := KINDS.get(grant.kind):
        denials.note_refused(subject=(kind, grant.client_id), why=code, endpoint=endpoint, by=grant.actor)
