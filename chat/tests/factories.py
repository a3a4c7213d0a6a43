"""Factories for rooms and messages."""

from typing import Any

import factory

from accounts.tests.factories import UserFactory
from accounts.users.models import User
from chat.messages.models import Message
from chat.messages.services import messages
from chat.rooms.models import Membership, Room
from chat.rooms.services import rooms
from chat.support import services as cases
from chat.support.models import SupportCase
from core.context import Actor
from core.ids import uuid7

SYSTEM = Actor.system("test")


class RoomFactory(factory.django.DjangoModelFactory):
    """A public room."""

    class Meta:
        model = Room

    kind = Room.Kind.PUBLIC
    title = factory.Sequence(lambda n: f"Room {n}")
    slug = factory.Sequence(lambda n: f"room-{n}")


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    room = factory.SubFactory(RoomFactory)
    user = factory.SubFactory(UserFactory)


def private_room(*people: User, kind: str = Room.Kind.PRIVATE, **fields: Any) -> Room:
    """A private room with these members."""
    return rooms.create_room(title=fields.pop("title", "Back room"), kind=kind, members=people, by=SYSTEM, **fields)


def conversation(customer: User, about: tuple[str, str] | None = None, title: str = "A chipped rim") -> Room:
    return cases.open_conversation(about=about, title=title, customer=customer, by=Actor.person(customer)).room


def case_of(room: Room) -> SupportCase:
    return SupportCase.objects.get(room=room)


def say(room: Room, user: User, body: str = "Hello", **more: Any) -> Message:
    asked = {"client_id": uuid7(), **more}
    return messages.send_message(room_uid=room.uid, body=body, by=Actor.person(user), **asked).message


def fill(room: Room, user: User, count: int) -> None:
    """Create many messages at once."""
    room.refresh_from_db()
    Message.objects.bulk_create(
        Message(
            room=room, seq=room.last_seq + n, rev=room.last_rev + n, author=user, client_id=uuid7(),
            body=f"Message {n}", html=f"<p>Message {n}</p>",
        )
        for n in range(1, count + 1)
    )  # fmt: skip
    Room.objects.filter(pk=room.pk).update(last_seq=room.last_seq + count, last_rev=room.last_rev + count)
    room.refresh_from_db()
