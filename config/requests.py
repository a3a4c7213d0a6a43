"""Requests as both servers make them: text is UTF-8, regardless of the Content-Type.

Django decodes the query by the charset of the Content-Type while it makes the request, so one that names no encoding of
text (`charset=hex`) would raise before any middleware could answer. `core.web.input_guard` refuses such requests.
"""

from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters


class OnlyUtf8(HttpRequest):
    """Keeps the parameters of the Content-Type and does not decode by them."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class WsgiRequest(OnlyUtf8, WSGIRequest):
    pass


class AsgiRequest(OnlyUtf8, ASGIRequest):
    pass
