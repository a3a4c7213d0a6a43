"""Sending: numbered without gaps, once for ever, only where one may."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat.messages.models import Message
from chat.messages.services import changes, messages
from chat.messages.services.messages import ClientIdReused, EmptyMessage, MessageTooLong, TooManyCards
from chat.rooms.models import Membership, Room
from chat.rooms.queries import NotAMember, RoomArchived
from chat.rooms.services import rooms
from chat.tests.factories import SYSTEM, RoomFactory, case_of, conversation, private_room, say
from core.composition.models import Reference
from core.context import Actor
from core.errors import NotFound
from core.ids import uuid7
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

ROWS = ("chat.Room", "chat.Message", "chat.Membership", "chat.SupportCase")


def test_a_message_gets_the_next_number_and_revision_and_the_sender_has_read_it(room, ada):
    first = say(room, ada, "Which oat glaze?")
    second = say(room, ada, "The one on the mugs.")

    room.refresh_from_db()
    assert [(first.seq, first.rev), (second.seq, second.rev)] == [(1, 1), (2, 2)]
    assert (room.last_seq, room.last_rev) == (2, 2)
    assert Membership.objects.get(user=ada, room=room).last_read_seq == 2
    assert Message.objects.get(seq=2).html == "<p>The one on the mugs.</p>"


def test_writing_in_a_public_room_joins_it_and_leaves_what_was_before_as_it_is(room, ada, ben):
    say(room, ada)
    say(room, ben)

    place = Membership.objects.get(user=ben, room=room)
    assert (place.role, place.joined_seq, place.last_read_seq, place.left_at) == ("member", 1, 2, None)


def test_writing_again_after_leaving_takes_the_place_back(room, ada):
    say(room, ada)
    rooms.leave_room(room_uid=room.uid, by=Actor.person(ada))

    say(room, ada)

    assert Membership.objects.get(user=ada, room=room).left_at is None


def test_the_same_client_id_again_is_the_same_message(room, ada):
    cid = uuid7()
    first = messages.send_message(room_uid=room.uid, body="Once", client_id=cid, by=Actor.person(ada))
    before = snapshot(*ROWS)

    again = messages.send_message(room_uid=room.uid, body="Once", client_id=cid, by=Actor.person(ada))

    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.message == first.message
    assert snapshot(*ROWS) == before


def test_a_resent_message_that_was_edited_meanwhile_is_still_the_same(room, ada):
    cid = uuid7()
    messages.send_message(room_uid=room.uid, body="Once", client_id=cid, by=Actor.person(ada))
    changes.edit_message(room_uid=room.uid, seq=1, body="Twice", by=Actor.person(ada))

    again = messages.send_message(room_uid=room.uid, body="Once", client_id=cid, by=Actor.person(ada))

    assert again.duplicate
    assert again.message.body == "Twice"


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_client_id_of_another_message_is_refused_and_changes_nothing(room, ada, elsewhere):
    cid = uuid7()
    messages.send_message(room_uid=room.uid, body="One thing", client_id=cid, by=Actor.person(ada))
    other = RoomFactory()
    before = snapshot(*ROWS)

    with pytest.raises(ClientIdReused):
        messages.send_message(
            room_uid=other.uid if elsewhere else room.uid,
            body="One thing" if elsewhere else "Another thing",
            client_id=cid,
            by=Actor.person(ada),
        )

    assert snapshot(*ROWS) == before


def test_two_people_may_have_made_the_same_client_id(room, ada, ben):
    cid = uuid7()

    sent = [messages.send_message(room_uid=room.uid, body="Hi", client_id=cid, by=Actor.person(p)) for p in (ada, ben)]

    assert [one.duplicate for one in sent] == [False, False]
    assert [one.message.seq for one in sent] == [1, 2]


@pytest.mark.parametrize(
    ("body", "cards", "refusal"),
    [
        ("", (), EmptyMessage),
        (" \n\t\0 ", (), EmptyMessage),
        ("\u200b\u200d\ufeff\u2060\u00ad\u202e", (), EmptyMessage),
        ("x" * 10_001, (), MessageTooLong),
        ("Look", (("product", "a"),) * 5, TooManyCards),
    ],
)
def test_what_is_no_message_is_refused_and_changes_nothing(room, ada, body, cards, refusal):
    before = snapshot(*ROWS)

    with pytest.raises(refusal):
        say(room, ada, body, cards=cards)

    assert snapshot(*ROWS) == before


@pytest.mark.parametrize("kind", ["private", "group", "support", "dm"])
def test_a_room_that_one_is_not_in_does_not_exist_and_nothing_changes(ada, ben, stranger, kind):
    closed = {
        "private": lambda: private_room(ada, ben),
        "group": lambda: private_room(ada, ben, kind=Room.Kind.GROUP),
        "support": lambda: conversation(ada),
        "dm": lambda: rooms.open_direct(with_user=ben, by=Actor.person(ada)),
    }[kind]()
    before = snapshot(*ROWS)

    with pytest.raises(NotFound):
        say(closed, stranger)

    assert snapshot(*ROWS) == before


def test_one_who_left_a_private_room_writes_no_more(ada, ben):
    closed = private_room(ada, ben)
    rooms.leave_room(room_uid=closed.uid, by=Actor.person(ben))

    with pytest.raises(NotFound):
        say(closed, ben)

    assert not Message.objects.exists()


def test_a_stranger_reads_a_public_room_but_does_not_write(room):
    with pytest.raises(NotAMember):
        messages.send_message(room_uid=room.uid, body="Hi", client_id=uuid7(), by=Actor.guest())

    assert not Message.objects.exists()


def test_an_archived_room_is_silent(room, ada, staff):
    rooms.archive_room(room_uid=room.uid, archived=True, by=Actor.person(staff))

    with pytest.raises(RoomArchived):
        say(room, ada)

    assert not Message.objects.exists()


def test_a_reply_names_a_message_of_the_same_room(room, ada, ben):
    say(RoomFactory(), ada, "Elsewhere")
    say(room, ada, "Question")

    answer = say(room, ben, "Answer", reply_to=1)

    assert Message.objects.get(pk=answer.pk).reply_to == Message.objects.get(room=room, seq=1)


def test_cards_of_a_message_are_known_to_the_things_they_show(room, ada, things):
    message = say(room, ada, "\u200b", cards=[("thing", "bud-vase"), ("post", "on-glazes")])

    assert (message.body, message.cards) == ("", [["thing", "bud-vase"], ["post", "on-glazes"]])
    named = Reference.objects.filter(source_kind="message", source_id=message.public_id).order_by("position")
    assert [(r.target_kind, r.target_id) for r in named] == [("thing", "bud-vase"), ("post", "on-glazes")]


def test_turns_pass_between_customer_and_agent(ada, agent):
    start = timezone.now()
    room = conversation(ada)
    say(room, ada, now=start + timedelta(minutes=1))
    opened = case_of(room)
    say(room, agent, now=start + timedelta(minutes=5))
    answered = case_of(room)
    say(room, agent, now=start + timedelta(minutes=6))
    say(room, ada, now=start + timedelta(minutes=9))
    again = case_of(room)

    assert opened.status == "open"
    assert opened.turn_at == opened.opened_at
    assert (answered.status, answered.first_reply_at) == ("waiting", start + timedelta(minutes=5))
    assert (again.status, again.turn_at) == ("open", start + timedelta(minutes=9))
    assert again.first_reply_at == start + timedelta(minutes=5)
    assert Membership.objects.get(user=agent, room=room).role == "agent"


def test_a_customer_opens_a_closed_conversation_by_writing(ada, agent):
    from chat.support import services as cases

    room = conversation(ada)
    cases.close_case(room_uid=room.uid, by=Actor.person(agent))

    say(room, ada, "One more thing")

    assert (case_of(room).status, case_of(room).closed_at) == ("open", None)
    assert [event.subject_id for event in events_named("conversation.reopened")] == [room.public_id]


def test_a_message_is_no_event(room, ada):
    say(room, ada)

    assert no_event("message.sent")


def test_the_system_says_a_thing_once(room):
    cid = uuid7()

    told = [messages.send_system_message(room=room, body="Sent today.", client_id=cid) for _ in range(2)]

    room.refresh_from_db()
    assert told[0] == told[1]
    assert (room.last_seq, told[0].kind, told[0].author) == (1, "system", None)


@pytest.mark.parametrize("size", [1, 24, 100])
def test_sending_takes_two_statements_and_three_in_support(ada, room, statements, size):
    for _ in range(size):
        UserFactory()
    support = conversation(ada)
    for place in (room, support):
        say(place, ada)

    with statements() as public:
        say(room, ada)
    with statements() as helped:
        say(support, ada)

    assert (len(public.sql), len(helped.sql)) == (2, 3)


def test_what_is_sent_is_escaped_and_addresses_become_links(room, ada):
    message = say(room, ada, "<script>alert(1)</script> https://example.com/a?b=1&c=2\njavascript:alert(1)")

    assert message.html == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; "
        '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow">https://example.com/a?b=1&amp;c=2</a>'
        "<br>javascript:alert(1)</p>"
    )


def test_system_actor_is_not_a_member(room):
    with pytest.raises(NotAMember):
        messages.send_message(room_uid=room.uid, body="Hi", client_id=uuid7(), by=SYSTEM)
