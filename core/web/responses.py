"""Answers the shop's pages give again and again."""

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme

from core.web.http import PageRequest, SeeOther


def toast(response: HttpResponse, text: str, level: str = "success") -> HttpResponse:
    """Add a passing notice to a fragment; without scripts the page's messages do the same."""
    response["HX-Trigger"] = json.dumps({"toast": {"text": text, "level": level}})
    return response


def refuse(request: PageRequest, text: str, *, back: str) -> HttpResponse:
    """Say why a press did nothing: a toast for a script, a message on the page one came from for a browser."""
    if request.htmx:
        return toast(HttpResponse(status=422), text, "error")
    messages.error(request, text)
    return SeeOther(came_from(request, back))


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was sent, even when it is nothing, or None when the page is only looked at."""
    return request.POST if request.method == "POST" else None


def came_from(request: PageRequest, otherwise: str) -> str:
    """The page of this site that the form was on."""
    referer = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure())
    return referer if referer and ours else otherwise
