"""API routes of the chat. REST responses have the same shapes as socket frames."""

from typing import Any

from chat.messages.viewsets import RoomViewSet
from chat.support.viewsets import ConversationViewSet

routes: list[tuple[str, Any, str]] = [
    ("rooms", RoomViewSet, "room"),
    ("conversations", ConversationViewSet, "conversation"),
]
