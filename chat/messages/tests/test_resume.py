"""Resuming is the same as reading afresh, after anything that may happen in a room."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.tests.factories import UserFactory
from accounts.users.models import User
from chat.delivery import bus, protocol
from chat.messages import queries
from chat.messages.models import Message
from chat.messages.services import changes, messages
from chat.rooms.models import Membership, Room
from chat.rooms.services import rooms
from chat.tests.factories import RoomFactory, say
from core.context import Actor
from core.errors import DomainError
from core.ids import uuid7


class Held:
    """What a client holds of a room: messages by number, and the revision it knows the room at."""

    def __init__(self, room: Room) -> None:
        self.room, self.rev = room, 0
        self.messages: dict[int, dict[str, Any]] = {}

    def resume(self, batch: int = 3) -> None:
        more = True
        while more:
            self.room.refresh_from_db()
            changes = queries.get_changes(self.room, self.rev, limit=batch)
            for message in changes.messages:
                self.hold(message)
            self.rev, more = changes.head, changes.more

    def hold(self, message: dict[str, Any]) -> None:
        known = self.messages.get(message["seq"])
        if known is None or known["rev"] < message["rev"]:
            self.messages[message["seq"]] = message


def fresh(room: Room) -> Held:
    held = Held(room)
    held.resume(batch=1000)
    return held


def assert_resume_equivalent(room: Room, action: Callable[[], Any]) -> None:
    """What a client held before, with what it is told after, is what a new client is told; and so is what was published."""
    before, live = fresh(room), fresh(room)
    published: list[tuple[int, str]] = []
    original = bus.publish_change
    bus.publish_change = lambda room_id, rev, frame: published.append((rev, frame))  # type: ignore[assignment]
    try:
        from django.test import TestCase as Runner

        with Runner.captureOnCommitCallbacks(execute=True):
            action()
    finally:
        bus.publish_change = original
    before.resume()
    import json

    for rev, frame in published:
        assert rev == live.rev + 1
        message = json.loads(frame)["message"]
        assert message["rev"] == rev
        live.hold(message)
        live.rev = rev
    now = fresh(room)
    assert (before.messages, before.rev) == (now.messages, now.rev)
    assert (live.messages, live.rev) == (now.messages, now.rev)


ACTIONS = {
    "send": lambda room, ada, ben: say(room, ben, "New"),
    "reply": lambda room, ada, ben: say(room, ben, "New", reply_to=1),
    "cards": lambda room, ada, ben: say(room, ben, "", cards=[("room", room.public_id)]),
    "edit": lambda room, ada, ben: changes.edit_message(room_uid=room.uid, seq=2, body="Changed", by=Actor.person(ada)),
    "edit to the same": lambda room, ada, ben: changes.edit_message(room_uid=room.uid, seq=2, body="two", by=Actor.person(ada)),
    "delete": lambda room, ada, ben: changes.delete_message(room_uid=room.uid, seq=1, by=Actor.person(ada)),
    "react": lambda room, ada, ben: changes.react(room_uid=room.uid, seq=3, emoji="👍", on=True, by=Actor.person(ben)),
    "take back": lambda room, ada, ben: changes.react(room_uid=room.uid, seq=1, emoji="🎉", on=False, by=Actor.person(ben)),
    "system": lambda room, ada, ben: messages.send_system_message(room=room, body="Told", client_id=uuid7()),
    "twice": lambda room, ada, ben: [say(room, ben, "Same", client_id=CID) for _ in range(2)],
}  # fmt: skip
CID = uuid7()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ACTIONS)
def test_after_any_action_resuming_equals_reading_afresh(room, ada, ben, name):
    for body in ("one", "two", "three"):
        say(room, ada, body)
    changes.react(room_uid=room.uid, seq=1, emoji="🎉", on=True, by=Actor.person(ben))

    assert_resume_equivalent(room, lambda: ACTIONS[name](room, ada, ben))


@pytest.mark.django_db
def test_an_action_that_fails_publishes_nothing_and_uses_no_number(room, ada, ben):
    say(room, ada)

    def fail() -> None:
        for attempt in (
            lambda: changes.edit_message(room_uid=room.uid, seq=1, body="Mine", by=Actor.person(ben)),
            lambda: changes.react(room_uid=room.uid, seq=9, emoji="👍", on=True, by=Actor.person(ben)),
            lambda: say(room, ben, " "),
        ):
            with pytest.raises(DomainError):
                attempt()

    assert_resume_equivalent(room, fail)
    room.refresh_from_db()
    assert (room.last_seq, room.last_rev) == (1, 1)


steps = st.lists(
    st.tuples(
        st.sampled_from(["send", "resend", "edit", "delete", "react", "take back", "read", "resume"]),
        st.integers(0, 2),
        st.integers(1, 6),
        st.text("abc", min_size=1, max_size=3),
    ),
    max_size=25,
)


class AnyConversation(TestCase):
    """Three people do anything in any order, each falling behind and catching up as they like."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps)
    def test_all_hold_the_same_in_the_end_and_numbers_have_no_gaps(
        self, steps: list[tuple[str, int, int, str]]
    ) -> None:
        room = RoomFactory()
        people = [UserFactory() for _ in range(3)]
        held = [Held(room) for _ in people]
        sent: dict[User, list[tuple[Any, str]]] = {user: [] for user in people}
        for verb, index, seq, body in steps:
            if verb == "resume":
                held[index].resume()
                continue
            try:
                with transaction.atomic():
                    act(verb, room, people[index], seq, body, sent)
            except DomainError:
                continue
        for one in held:
            one.resume()

        rows = Message.objects.with_related().filter(room=room).order_by("seq")
        truth = {message.seq: queries.wire.serialize_message(message) for message in rows}
        room.refresh_from_db()
        assert [one.messages for one in held] == [truth] * 3
        assert sorted(truth) == list(range(1, room.last_seq + 1))
        assert len({message["cid"] for message in truth.values()}) == len(truth)
        for place in Membership.objects.filter(room=room):
            unread = Message.objects.filter(room=room, seq__gt=place.last_read_seq).count()
            assert room.last_seq - place.last_read_seq == unread


def act(verb: str, room: Room, user: User, seq: int, body: str, sent: dict[User, list[tuple[Any, str]]]) -> None:
    by = Actor.person(user)
    if verb == "send":
        sent[user].append((uuid7(), body))
        messages.send_message(room_uid=room.uid, body=body, client_id=sent[user][-1][0], by=by)
    elif verb == "resend" and sent[user]:
        cid, words = sent[user][seq % len(sent[user])]
        assert messages.send_message(room_uid=room.uid, body=words, client_id=cid, by=by).duplicate
    elif verb == "edit":
        changes.edit_message(room_uid=room.uid, seq=seq, body=body, by=by)
    elif verb == "delete":
        changes.delete_message(room_uid=room.uid, seq=seq, by=by)
    elif verb in ("react", "take back"):
        emoji = protocol.REACTIONS[seq % len(protocol.REACTIONS)]
        changes.react(room_uid=room.uid, seq=seq, emoji=emoji, on=verb == "react", by=by)
    elif verb == "read":
        rooms.mark_read(room_uid=room.uid, seq=seq, by=by)
