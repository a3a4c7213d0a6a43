"""Rooms, who is in them, what is said there, and the cases of the support desk."""

from chat.models.case import SupportCase
from chat.models.message import Message, MessageEdit, Reaction
from chat.models.room import Membership, Room, answers

__all__ = ["Membership", "Message", "MessageEdit", "Reaction", "Room", "SupportCase", "answers"]
