"""The conversation for programs. What the socket tells at once can be asked for here, with the same shapes."""

from typing import Any

from chat.api.conversations import ConversationViewSet
from chat.api.rooms import RoomViewSet

routes: list[tuple[str, Any, str]] = [
    ("rooms", RoomViewSet, "room"),
    ("conversations", ConversationViewSet, "conversation"),
]
