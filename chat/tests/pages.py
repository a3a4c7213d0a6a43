"""Helpers for chat page tests."""

from django.urls import reverse

from chat.rooms.models import Room

ROWS = ("chat.Room", "chat.Message", "chat.Membership", "chat.SupportCase", "chat.Reaction")


def url(name: str, room: Room, *args: object) -> str:
    return reverse(f"chat:{name}", args=[room.uid, *args])
