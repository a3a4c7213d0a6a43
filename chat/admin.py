"""The admin pages of this app, collected for Django."""

from chat.messages import admin as messages
from chat.rooms import admin as rooms
from chat.support import admin as support

__all__ = ["messages", "rooms", "support"]
