"""What people see, without scripts."""

import pytest
from django.urls import reverse

from chat.messages.models import Message, Reaction
from chat.rooms.models import Membership, Room
from chat.rooms.services import rooms
from chat.tests.factories import RoomFactory, case_of, conversation, fill, private_room, say
from chat.tests.pages import ROWS, url
from core.context import Actor
from core.ids import uuid7
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db


def test_anonymous_visitor_reads_a_public_room_and_sees_sign_in(client, room, ada):
    say(room, ada, "Which oat glaze?")

    page = client.get("/talk/rooms/glaze-talk/")

    text = page.content.decode()
    assert page.status_code == 200
    assert "Which oat glaze?" in text
    assert "/account/login/?next=/talk/rooms/glaze-talk/" in text
    assert "csrfmiddlewaretoken" not in text
    assert "chat.js" not in text


@pytest.mark.parametrize("opened", ["private", "support", "dm"])
def test_a_room_that_is_not_the_viewers_is_not_found(client, ada, ben, stranger, opened):
    room = {
        "private": lambda: private_room(ada, ben),
        "support": lambda: conversation(ada),
        "dm": lambda: rooms.open_direct(with_user=ben, by=Actor.person(ada)),
    }[opened]()
    say(room, ada)
    client.force_login(stranger)
    before = snapshot(*ROWS)

    answers = [
        client.get(url("conversation", room)),
        client.get(url("message", room, 1)),
        client.get(url("cards", room, 1)),
        client.post(url("send", room), {"client_id": uuid7(), "body": "Hi"}),
        client.post(url("edit", room, 1), {"body": "Mine now"}),
        client.post(url("delete", room, 1)),
        client.post(url("react", room, 1), {"emoji": "👍"}),
        client.post(url("report", room, 1), {"reason": "spam"}),
        client.post(url("place", room), {"verb": "join"}),
        client.post(url("read", room)),
        client.post(url("case", room), {"verb": "close"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert snapshot(*ROWS) == before
    assert no_event("message.reported")


@pytest.mark.parametrize("name", ["send", "place", "read", "case"])
def test_a_stranger_is_sent_to_sign_in_before_anything_happens(client, room, name):
    before = snapshot(*ROWS)

    answer = client.post(url(name, room), {"verb": "join", "body": "Hi", "client_id": uuid7()})

    assert answer.status_code == 302
    assert answer.url.startswith("/account/login/")
    assert snapshot(*ROWS) == before


def test_the_log_shows_days_where_the_unread_begins_and_who_said_what(client, room, ada, ben):
    say(room, ada, "First")
    say(room, ben, "Second")
    say(room, ben, "Third", reply_to=1)
    Membership.objects.filter(user=ada).update(last_read_seq=1)
    client.force_login(ada)

    text = client.get("/talk/rooms/glaze-talk/").content.decode()

    log = text[text.index('<ol id="log">') :]
    order = [
        log.index(mark)
        for mark in ('class="day-line"', "First", 'class="unread-line"', "Second", 'href="#m1"', "Third")
    ]
    assert order == sorted(order)
    assert log.count('class="day-line"') == 2  # one of them is the script's template


def test_earlier_messages_are_a_link_away(client, room, ada):
    fill(room, ada, 60)
    client.force_login(ada)

    newest = client.get("/talk/rooms/glaze-talk/").content.decode()
    earlier = client.get("/talk/rooms/glaze-talk/?before=11").content.decode()

    assert 'href="?before=11"' in newest
    assert "Message 60" in newest
    assert "Message 10<" in earlier
    assert "Message 11<" not in earlier
    assert "data-older" not in earlier


def test_joining_muting_and_leaving(client, room, ada):
    client.force_login(ada)

    client.post(url("place", room), {"verb": "join"})
    client.post(url("place", room), {"verb": "mute"})
    muted = Membership.objects.get()
    client.post(url("place", room), {"verb": "leave"})

    assert (muted.muted, muted.left_at) == (True, None)
    assert Membership.objects.get().left_at is not None


def test_marking_read_clears_what_is_unread(client, room, ada, ben):
    rooms.join_room(room_uid=room.uid, by=Actor.person(ada))
    say(room, ben)
    client.force_login(ada)
    before = client.get("/talk/").content.decode()

    client.post(url("read", room))

    assert "data-unread" in before
    assert "data-unread" not in client.get("/talk/").content.decode()


def test_writing_to_a_person_opens_one_room_for_the_two(client, ada, ben):
    client.force_login(ada)
    first = client.post(reverse("chat:direct", args=[ben.uid]))
    client.force_login(ben)
    second = client.post(reverse("chat:direct", args=[ada.uid]))

    assert first.url == second.url
    assert Room.objects.get().memberships.count() == 2


def test_a_question_about_an_order_begins_one_conversation(client, ada, things):
    client.force_login(ada)
    start = client.get("/talk/about/order/A-1/")
    asked = {"client_id": uuid7(), "body": "Where is it?"}

    first, again = client.post("/talk/about/order/A-1/", asked), client.post("/talk/about/order/A-1/", asked)

    room = Room.objects.get()
    assert (start.status_code, Message.objects.count()) == (200, 1)
    assert first.url == again.url == room.get_absolute_url()
    assert (room.kind, room.title, room.subject, room.customer) == ("support", "Order A-1", ("order", "A-1"), ada)
    assert client.get("/talk/about/order/A-1/").url == room.get_absolute_url()
    assert [event.data for event in events_named("conversation.opened")] == [{"about_kind": "order", "about_id": "A-1"}]


def test_looking_at_the_start_page_makes_nothing(client, ada, things):
    client.force_login(ada)

    client.get("/talk/about/order/A-1/")

    assert not Room.objects.exists()


@pytest.mark.parametrize("path", ["/talk/about/order/A-1/", "/talk/about/nothing/x/"])
def test_what_one_may_not_see_one_cannot_talk_about(client, stranger, things, path):
    client.force_login(stranger)

    answers = [client.get(path), client.post(path, {"client_id": uuid7(), "body": "Let me see"})]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not Room.objects.exists()
    assert no_event("conversation.opened")


def test_a_post_has_one_public_room(client, ada, ben, things):
    for user in (ada, ben):
        client.force_login(user)
        client.post("/talk/about/post/on-glazes/", {"client_id": uuid7(), "body": "Nice"})

    room = Room.objects.get()
    assert (room.kind, room.subject, room.last_seq) == ("public", ("post", "on-glazes"), 2)
    assert client.get("/talk/about/post/on-glazes/").url == room.get_absolute_url()


def test_writing_about_nothing_in_particular(client, ada):
    client.force_login(ada)
    asked = {"client_id": uuid7(), "title": "Opening hours", "body": "Are you open on Sunday?"}

    answers = [client.post("/talk/new/", asked) for _ in range(2)]

    room = Room.objects.get()
    assert {answer.url for answer in answers} == {room.get_absolute_url()}
    assert (room.title, room.last_seq, case_of(room).status) == ("Opening hours", 1, "open")


@pytest.mark.parametrize(
    ("path", "budget"), [("/talk/", 8), ("/talk/rooms/glaze-talk/", 8), ("/talk/rooms/glaze-talk/?before=90", 8)]
)
@pytest.mark.parametrize("size", [1, 24, 100])
def test_pages_take_the_same_few_queries_however_much_there_is(client, room, ada, ben, statements, size, path, budget):
    fill(room, ben, size)
    for number in range(size):
        message = Message.objects.get(room=room, seq=number + 1)
        Reaction.objects.create(message=message, user=ben, emoji="👍")
        say(RoomFactory(), ada)
    say(room, ada)
    client.force_login(ada)

    with statements() as run:
        assert client.get(path).status_code == 200

    assert len(run.sql) <= budget, run.sql
