"""Sockets. In development the same process serves pages too."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()

from chat.urls import websocket_urlpatterns  # noqa: E402  apps must be ready
from config.lifespan import lifespan  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(CookieMiddleware(SessionMiddleware(URLRouter(websocket_urlpatterns)))),
        "lifespan": lifespan,
    }
)
