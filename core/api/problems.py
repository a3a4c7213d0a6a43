"""Errors for programs: problem+json as RFC 9457 defines it, with a stable `code` and the request id."""

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

from core import context

CONTENT_TYPE = "application/problem+json"


def problem(status: int, code: str, detail: str, **extra: Any) -> dict[str, Any]:
    """The body of a problem. `errors`, when given, is a list of `{pointer, code, detail}`."""
    return {
        "type": f"/api/docs/problems/#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": context.current().request_id,
        **extra,
    }


def problem_response(status: int, code: str, detail: str, **extra: Any) -> JsonResponse:
    return JsonResponse(problem(status, code, detail, **extra), status=status, content_type=CONTENT_TYPE)
