"""The conversation for programs. What the socket tells at once can be asked for here, with the same shapes."""

from typing import Any

from chat.messages.viewsets import RoomViewSet
from chat.support.viewsets import ConversationViewSet

routes: list[tuple[str, Any, str]] = [
    ("rooms", RoomViewSet, "room"),
    ("conversations", ConversationViewSet, "conversation"),
]
