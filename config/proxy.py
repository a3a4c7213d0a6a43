"""Behind the proxy every request comes from the proxy. Who asked is told in a header; limits count by it."""

import ipaddress
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponseBase


class ClientAddressMiddleware:
    """REMOTE_ADDR becomes the last address of X-Forwarded-For, which our own proxy wrote: what stands before it is
    what the caller says of itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if forwarded := request.META.get("HTTP_X_FORWARDED_FOR"):  # without the proxy, as a health check asks, none
            with suppress(ValueError):
                request.META["REMOTE_ADDR"] = _last(forwarded)
        return self.get_response(request)


class ClientAddress:
    """The same for sockets: `scope["client"]` is who asked."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        told = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
        with suppress(ValueError):
            scope = {**scope, "client": (_last(told), 0)}
        await self.app(scope, receive, send)


@lru_cache(1000)
def _last(forwarded: str) -> str:
    """Raises ValueError for what is no address."""
    return str(ipaddress.ip_address(forwarded.rpartition(",")[2].strip()))
