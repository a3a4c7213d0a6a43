"""Load conversations: support conversations about orders, public rooms, and direct messages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from chat.messages.models import Message
from chat.messages.services import changes, messages
from chat.rooms.services import rooms
from chat.support import services as cases
from demo import DEMO_LOGINS
from demo.loading.studio import Step, Studio, read_content

MESSAGE_NAMESPACE = UUID("8f3c1c0a-6e0e-4a58-8a3e-2f6f6f0d9b21")
# The demo accounts have unread messages.
UNREAD_BY = frozenset(email for _role, email, _password in DEMO_LOGINS)
CLOSED_AFTER = timedelta(minutes=20)


def steps(studio: Studio) -> Iterator[Step]:
    """Yield each conversation: opening, messages, and closing where it is closed."""
    said = set(Message.objects.values_list("client_id", flat=True))
    for talk in read_content("conversations.json"):
        name, began = f"talk:{talk['index']}", studio.ago(talk["days_ago"])
        yield Step(began, name, partial(OPEN[talk["kind"]], studio, name, talk))
        at = began
        for place, message in enumerate(talk["messages"]):
            at = began + timedelta(minutes=message["minutes"])
            act = partial(_send_message, studio, name, talk, place)
            yield Step(at, f"{name}:{place}", act, done=_make_client_id(name, place) in said)
        if talk["status"] == "closed":
            yield Step(at + CLOSED_AFTER, f"{name}:close", partial(_close_case, studio, name))


@transaction.atomic
def _open_case(studio: Studio, name: str, talk: dict[str, Any], now: datetime) -> None:
    """Open a support conversation about an order and assign it to the agent, if any."""
    customer = studio.user(talk["members"][0])
    opened = cases.open_conversation(
        about=("order", studio.made[f"order:{talk['order']}"]),
        title=talk["title"],
        customer=customer,
        by=studio.actor(customer.email),
        now=now,
    )
    uid = opened.room.uid
    for email in talk["members"][1:]:
        cases.assign_case(room_uid=uid, assignee=studio.user(email), by=studio.agent, now=now)
    studio.made[name] = str(uid)


def _open_room(studio: Studio, name: str, talk: dict[str, Any], now: datetime) -> None:
    """Create a room as the owner."""
    room = rooms.create_room(
        title=talk["title"],
        slug=talk["slug"],
        topic=talk["topic"],
        members=[studio.user(email) for email in talk["members"] if studio.actor(email) != studio.owner],
        by=studio.owner,
        now=now,
    )
    studio.made[name] = str(room.uid)


def _open_direct(studio: Studio, name: str, talk: dict[str, Any], now: datetime) -> None:
    first, second = talk["members"]
    room = rooms.open_direct(with_user=studio.user(second), by=studio.actor(first), now=now)
    studio.made[name] = str(room.uid)


OPEN = {"support": _open_case, "room": _open_room, "direct": _open_direct}


@transaction.atomic
def _send_message(studio: Studio, name: str, talk: dict[str, Any], place: int, now: datetime) -> None:
    """Send a message with its reactions. After the last one, most members have read all."""
    data = talk["messages"][place]
    uid = UUID(studio.made[name])
    sent = messages.send_message(
        room_uid=uid,
        body=data["body"],
        client_id=_make_client_id(name, place),
        by=studio.actor(data["email"]),
        reply_to=_number_messages(name, data["reply_to"]) if data["reply_to"] is not None else None,
        cards=[(card["kind"], card["id"]) for card in data["cards"]],
        now=now,
    )
    seq = sent.message.seq
    for mark in data["reactions"]:
        for email in mark["emails"]:
            changes.react(room_uid=uid, seq=seq, emoji=mark["emoji"], on=True, by=studio.actor(email), now=now)
    if data is talk["messages"][-1]:
        for email in set(talk["members"]) - UNREAD_BY:
            rooms.mark_read(room_uid=uid, seq=seq, by=studio.actor(email))


def _close_case(studio: Studio, name: str, now: datetime) -> None:
    cases.close_case(room_uid=UUID(studio.made[name]), by=studio.agent, now=now)


def _number_messages(name: str, place: int) -> int:
    """Return the number of an earlier message. System messages may come in between."""
    return Message.objects.values_list("seq", flat=True).get(client_id=_make_client_id(name, place))


def _make_client_id(name: str, place: int) -> UUID:
    """Return the client id of a message, made from its position, so that it is sent once."""
    return uuid5(MESSAGE_NAMESPACE, f"{name}:{place}")
