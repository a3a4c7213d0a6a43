"""Sockets. In development the same process serves pages too."""

import os

from channels.routing import ProtocolTypeRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()

from chat.urls import websocket_urlpatterns  # noqa: E402  apps must be ready
from config.lifespan import lifespan  # noqa: E402
from config.proxy import ClientAddress  # noqa: E402
from config.requests import AsgiRequest  # noqa: E402
from config.sockets import SameOrigin, router  # noqa: E402

http.request_class = AsgiRequest
sockets = SameOrigin(CookieMiddleware(SessionMiddleware(router(websocket_urlpatterns))))
application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": ClientAddress(sockets) if settings.BEHIND_PROXY else sockets,
        "lifespan": lifespan,
    }
)
