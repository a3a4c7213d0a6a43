"""Addresses of the conversation."""

from channels.routing import URLRouter  # noqa: F401
from django.urls import path

from chat import consumers

app_name = "chat"
urlpatterns: list = []
websocket_urlpatterns = [path("ws/talk/", consumers.TalkConsumer.as_asgi())]
