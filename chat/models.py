"""The tables of this app, collected for Django."""

from chat.messages.models import Message, MessageEdit, Reaction
from chat.rooms.models import Membership, Room
from chat.support.models import SupportCase

__all__ = ["Membership", "Message", "MessageEdit", "Reaction", "Room", "SupportCase"]
