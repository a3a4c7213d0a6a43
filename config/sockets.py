"""The way to a socket: only pages of this site open one, and only at an address that exists."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.urls import URLPattern, re_path

App = Callable[[Any, Any, Any], Awaitable[None]]
Origin = tuple[str, str, int]

DEFAULT_PORTS = {"http": 80, "https": 443}
NOT_FOUND = 4404


class SameOrigin:
    """Refuse a handshake whose `Origin` is not exactly that of the site: scheme, host and port.

    The site's origin is that of `SITE_URL`, or the one at which this request reached us, if the host is an allowed one.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        given = _parse(headers.get(b"origin", ""))
        app = self.app if given is not None and given in _own(scope, headers) else WebsocketDenier()
        await app(scope, receive, send)


def router(routes: list[URLPattern]) -> URLRouter:
    """Route sockets; one at an unknown address is answered with 404."""
    return URLRouter([*routes, re_path(r"", not_found)])  # type: ignore[arg-type]  # an ASGI application, not a view


async def not_found(scope: Any, receive: Any, send: Any) -> None:
    """Refuse the handshake: by HTTP 404 where the server can say so, else by closing with 4404."""
    if (await receive())["type"] != "websocket.connect":
        return
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": NOT_FOUND})


def _own(scope: Any, headers: dict[bytes, str]) -> set[Origin | None]:
    scheme = {"wss": "https", "ws": "http"}.get(scope.get("scheme", "ws"), "http")
    if settings.BEHIND_PROXY and headers.get(b"x-forwarded-proto") in DEFAULT_PORTS:
        scheme = headers[b"x-forwarded-proto"]
    host = headers.get(b"host", "")
    is_ours = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
    return {_parse(settings.SITE_URL.rstrip("/")), _parse(f"{scheme}://{host}") if is_ours else None}


def _parse(origin: str) -> Origin | None:
    """The three parts of an origin; None for what is not one."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path or parts.query or parts.username:
        return None
    return parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme]
