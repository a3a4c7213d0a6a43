"""Many at once: numbers stay dense, one row a client_id, whoever comes first."""

import time

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from chat.messages.models import Message
from chat.messages.services import changes, messages
from chat.rooms.models import Room
from chat.rooms.services import rooms
from chat.rooms.services.rooms import SlugTaken
from chat.support import services as cases
from chat.tests.factories import RoomFactory
from core.context import Actor
from core.ids import uuid7
from core.testing import failures, race

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8
EACH = 25


def test_eight_devices_sending_the_same_messages_make_one_of_each(room, ada):
    cids = [uuid7() for _ in range(EACH)]

    def device():
        return [
            messages.send_message(room_uid=room.uid, body=str(n), client_id=cid, by=Actor.person(ada))
            for n, cid in enumerate(cids)
        ]

    results = race(*[device] * THREADS)

    assert failures(results) == []
    rows = list(Message.objects.filter(room=room).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, EACH + 1))
    assert {row.client_id for row in rows} == set(cids)
    assert sum(not sent.duplicate for result in results for sent in result) == EACH
    for result in results:
        assert {sent.message.client_id: sent.message.seq for sent in result} == {r.client_id: r.seq for r in rows}
    room.refresh_from_db()
    assert (room.last_seq, room.last_rev) == (EACH, EACH)


def test_without_the_one_statement_numbers_collide():
    """The control: read the counter, then write it, as if there were no row lock and no unique index."""
    room = RoomFactory()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive (seq bigint)")
    try:

        def device():
            for _ in range(EACH):
                with transaction.atomic(), connection.cursor() as cursor:
                    seq = Room.objects.values_list("last_seq", flat=True).get(pk=room.pk) + 1
                    cursor.execute("INSERT INTO naive SELECT %s FROM pg_sleep(0.001)", [seq])
                    Room.objects.filter(pk=room.pk).update(last_seq=seq, last_rev=F("last_rev") + 1)

        race(*[device] * THREADS)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(DISTINCT seq) FROM naive")
            written, numbers = cursor.fetchone()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE naive")

    assert written == THREADS * EACH
    assert numbers < written


def test_people_writing_into_one_room_get_all_numbers_and_a_reader_never_sees_a_gap(room, ada, ben):
    done = []

    def writer(user):
        def write():
            for n in range(EACH):
                messages.send_message(room_uid=room.uid, body=str(n), client_id=uuid7(), by=Actor.person(user))
            done.append(user)

        return write

    def reader():
        seen = []
        while len(done) < 4:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT r.last_rev, count(m.id), coalesce(max(m.rev), 0) FROM chat_room r"
                    " LEFT JOIN chat_message m ON m.room_id = r.id WHERE r.id = %s GROUP BY r.id",
                    [room.pk],
                )
                seen.append(cursor.fetchone())
        return seen

    results = race(writer(ada), writer(ben), writer(ada), writer(ben), reader)

    assert failures(results) == []
    assert all(last == count == newest for last, count, newest in results[-1])
    room.refresh_from_db()
    assert room.last_seq == 4 * EACH


def test_a_mark_is_put_once_by_many_taps(room, ada):
    messages.send_message(room_uid=room.uid, body="x", client_id=uuid7(), by=Actor.person(ada))

    def tap():
        changes.react(room_uid=room.uid, seq=1, emoji="👍", on=True, by=Actor.person(ada))

    results = race(*[tap] * THREADS)

    assert failures(results) == []
    room.refresh_from_db()
    assert room.last_rev == 2


def test_a_case_is_closed_once_by_two_agents(ada, agent, staff):
    from chat.support.services import CaseClosed
    from chat.tests.factories import case_of, conversation
    from core.testing import events_named

    room = conversation(ada)

    results = race(
        *[lambda who=who: cases.close_case(room_uid=room.uid, by=Actor.person(who)) for who in (agent, staff)]
    )

    assert [type(failure) for failure in failures(results)] == [CaseClosed]
    assert case_of(room).status == "closed"
    assert len(events_named("conversation.closed")) == 1
    assert Message.objects.filter(room=room, kind="system").count() == 1


def test_concurrent_rooms_with_one_slug_create_one_room(staff):
    def create():
        return rooms.create_room(title="Kiln", slug="kiln", by=Actor.person(staff))

    results = race(*[create] * THREADS)

    assert {type(failure) for failure in failures(results)} == {SlugTaken}
    assert len(failures(results)) == THREADS - 1
    assert Room.objects.count() == 1


def test_looking_before_creating_lets_two_through():
    """The control: each looks first, finds the address free, and runs into the constraint."""

    def create():
        if Room.objects.filter(slug="kiln").exists():
            raise SlugTaken
        time.sleep(0.05)
        return Room.objects.create(kind=Room.Kind.PUBLIC, title="Kiln", slug="kiln")

    results = race(*[create] * THREADS)

    assert IntegrityError in {type(failure) for failure in failures(results)}


def test_one_conversation_about_an_order_is_opened_by_many_clicks(ada):
    def click():
        by = Actor.person(ada)
        return cases.open_conversation(about=("order", "A-1"), title="Order A-1", customer=ada, by=by)

    results = race(*[click] * THREADS)

    assert failures(results) == []
    assert sum(opened.new for opened in results) == 1
    assert Room.objects.count() == 1


def test_sending_and_answering_in_support_never_deadlock(ada, agent):
    from chat.tests.factories import conversation

    room = conversation(ada)

    def talk(user):
        def say():
            for n in range(EACH):
                messages.send_message(room_uid=room.uid, body=str(n), client_id=uuid7(), by=Actor.person(user))

        return say

    def settle():
        from core.errors import DomainError

        for _ in range(EACH):
            try:
                cases.close_case(room_uid=room.uid, by=Actor.person(agent))
            except DomainError:
                continue

    results = race(talk(ada), talk(agent), settle)

    assert failures(results) == []
