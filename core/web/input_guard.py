"""Refuse text that nothing behind can hold, once for all views: NUL, lone surrogates, unknown encodings.

PostgreSQL takes neither NUL nor half a surrogate pair in a text, so each view, form, filter and admin lookup would
have to refuse both. Here every path, header, cookie, query parameter and form field is looked at before a view runs.
JSON bodies are read by `core.validation.json_input`.

A path with such a character leads nowhere (404). A cookie with one counts as not sent, or the browser would be locked
out for as long as it keeps it. All else is a 400 that names the parameter. A view whose protocol has errors of its
own sets `refuses_malformed_input` on its class and asks `malformed_name` itself.
"""

import unicodedata
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext as _

from core.validation.json_input import InvalidJSON, parse_json
from core.validation.text import is_storable, malformed_field
from core.web.error_pages import refuse_input

ENCODINGS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
FORM_TYPES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class InputGuardMiddleware:
    """Stand before everything that reads the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_storable(request.path_info):
            raise Http404
        if _has_malformed_header(request.META):
            return refuse_input(request, "", _("A header holds a character that is not allowed."))
        if (charset := (request.content_params or {}).get("charset", "")) and charset.lower() not in ENCODINGS:
            return refuse_input(request, "", _("Send text as UTF-8."))
        if "\\" in request.META.get("HTTP_COOKIE", ""):  # `\000` in a quoted value is NUL
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if is_storable(name + value)}
        response = self.get_response(request)
        if response.status_code == HTTPStatus.NOT_FOUND and not request.path.isascii():
            return _redirect_to_composed(request) or response
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if getattr(getattr(view, "view_class", None), "refuses_malformed_input", False):
            return None
        # REST framework and views with `reads_body_itself` parse what was sent, with checks of their own.
        reads_body_itself = hasattr(view, "cls") or getattr(view, "reads_body_itself", False)
        if (name := malformed_name(request, with_form=not reads_body_itself)) is not None:
            words = _("%(name)s holds a character that is not allowed.") % {"name": name or _("The address")}
            return refuse_input(request, name, words)
        if request.content_type == "application/json" and request.method in WRITING and not reads_body_itself:
            return _refuse_json(request)
        return None


def _redirect_to_composed(request: HttpRequest) -> HttpResponse | None:
    """Lead from an address in decomposed characters, as some systems write them, to the same in composed ones."""
    composed = unicodedata.normalize("NFC", request.path)
    if request.method not in ("GET", "HEAD") or composed == request.path:
        return None
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{escape_leading_slashes(quote(composed))}{'?' if query else ''}{query}")


def malformed_name(request: HttpRequest, *, with_form: bool = True) -> str | None:
    """Return the name of a query parameter or form field with text that cannot be kept; None where there is none."""
    query = request.META.get("QUERY_STRING", "")
    if ("%" in query or not is_storable(query)) and (name := malformed_field(request.GET)) is not None:
        return name
    if with_form and request.method == "POST" and request.content_type in FORM_TYPES:
        return malformed_field(
            request.POST, *((key, [str(getattr(file, "name", ""))]) for key, file in request.FILES.items())
        )
    return None


def _has_malformed_header(meta: dict[str, Any]) -> bool:
    return not is_storable("".join(_header_values(meta)))


def _header_values(meta: dict[str, Any]) -> Iterator[str]:
    return (value for name, value in meta.items() if name.startswith(("HTTP_", "CONTENT_")) and isinstance(value, str))


def _refuse_json(request: HttpRequest) -> HttpResponse | None:
    try:
        if request.body:
            parse_json(request.body)
    except InvalidJSON as failure:
        return refuse_input(request, "", str(failure))
    return None
