"""Behind the proxy every request comes from the proxy. Who asked is told in a header; limits count by it."""

import ipaddress
from collections.abc import Callable
from contextlib import suppress

from django.http import HttpRequest, HttpResponseBase


class ClientAddressMiddleware:
    """REMOTE_ADDR becomes the last address of X-Forwarded-For, which our own proxy wrote: what stands before it is
    what the caller says of itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        with suppress(ValueError):  # asked without the proxy, as a health check is
            request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(last))
        return self.get_response(request)
