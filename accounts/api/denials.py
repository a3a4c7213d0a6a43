"""Turns API errors into problem details, and records denials of API keys and clients."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import InvalidCredential
from accounts.authentication.services import denials
from core.api.permissions import grant_of
from core.api.viewsets import problem_handler
from core.context import Actor

SUBJECT_KINDS: Final = {"key": "api_key", "token": "client"}  # of a grant, and what it is held by


def exception_handler(failure: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler."""
    response = problem_handler(failure, context)
    if response is not None and response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        _record_denial(failure, response.data["code"], context["request"])
    return response


def _record_denial(failure: Exception, code: str, request: Request) -> None:
    match = request.resolver_match
    endpoint = f"{request.method} {match.view_name if match else ''}"
    if isinstance(failure, InvalidCredential):
        denials.record_denial(subject=failure.subject, why=failure.why, endpoint=endpoint, by=Actor.guest())
        return
    grant = grant_of(request)
    if kind := SUBJECT_KINDS.get(grant.kind):
        denials.record_denial(subject=(kind, grant.client_id), why=code, endpoint=endpoint, by=grant.actor)
