"""What pages say of messages that were not read: where they begin, how many there are, and whose turn it is."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.messages.services import changes
from chat.rooms.models import Membership
from chat.rooms.services import rooms
from chat.support import services as cases
from chat.tests.factories import conversation, fill, say
from chat.tests.pages import url
from core.context import Actor

pytestmark = pytest.mark.django_db


def numbers(page):
    return [int(seq) for seq in re.findall(r'<li class="message" id="m([1-9]\d*)"', page)]


@pytest.fixture
def long_room(client, room, ada, ben):
    """A room with 200 messages, of which Ada, who is signed in, has read 20."""
    rooms.join_room(room_uid=room.uid, by=Actor.person(ada))
    fill(room, ben, 200)
    Membership.objects.filter(user=ada).update(last_read_seq=20)
    client.force_login(ada)
    return room


def show(client, query=""):
    return client.get(f"/talk/rooms/glaze-talk/{query}").content.decode()


def test_a_long_room_opens_a_little_before_the_first_unread_message(client, long_room):
    page = show(client)

    assert numbers(page) == list(range(13, 63))
    assert page.index('id="m20"') < page.index('id="unread">180 new messages<') < page.index('id="m21"')
    assert 'href="?before=13"' in page
    assert 'href="?after=62"' in page
    assert "Mark as read" in page


@pytest.mark.parametrize(
    ("query", "first", "last", "older", "newer"),
    [
        ("?latest", 151, 200, True, False),
        ("?after=62", 63, 112, True, True),
        ("?after=160", 161, 200, True, False),
        ("?before=13", 1, 12, False, True),
        ("?after=-1", 13, 62, True, True),
        ("?before=" + "9" * 40, 13, 62, True, True),
    ],
)
def test_the_log_goes_on_to_both_sides(client, long_room, query, first, last, older, newer):
    page = show(client, query)

    assert numbers(page) == list(range(first, last + 1))
    assert (f"?before={first}" in page, f"?after={last}" in page) == (older, newer)


def test_a_room_with_few_unread_messages_shows_the_newest_and_where_they_begin(client, long_room, ada):
    Membership.objects.filter(user=ada).update(last_read_seq=190)

    page = show(client)

    assert numbers(page) == list(range(151, 201))
    assert page.index('id="m190"') < page.index('id="unread">10 new messages<') < page.index('id="m191"')


def test_removed_messages_are_not_where_the_unread_begins(client, long_room, ada, ben):
    Membership.objects.filter(user=ada).update(last_read_seq=197)
    changes.delete_message(room_uid=long_room.uid, seq=198, by=Actor.person(ben))

    page = show(client)

    assert page.index('id="m198"') < page.index('id="unread">2 new messages<') < page.index('id="m199"')


@pytest.mark.parametrize("path", ["/", "/shop/", "/journal/", "/talk/", "/account/"])
def test_every_page_says_how_many_messages_wait(client, long_room, ada, agent, path):
    say(conversation(ada), agent, "Hello")
    before = client.get(path).content.decode()
    rooms.mute_room(room_uid=long_room.uid, muted=True, by=Actor.person(ada))
    muted = client.get(path).content.decode()
    Membership.objects.filter(user=ada).update(last_read_seq=200)

    counts = [re.search(r"data-total( hidden)?><span>([^<]*)<", page) for page in (before, muted)]
    assert [count.groups() for count in counts] == [(None, "99+"), (None, "1")]


def test_the_list_alone_is_for_those_who_are_signed_in(client, long_room):
    listed = client.get(f"/talk/mine/?current={long_room.uid}")
    client.logout()

    assert re.findall(r'aria-current="page"', listed.content.decode()) == ['aria-current="page"']
    assert 'data-unread="180"' in listed.content.decode()
    assert listed.headers["Cache-Control"].startswith("max-age=0")
    assert client.get("/talk/mine/").status_code == 403


def test_each_side_reads_its_own_view_of_the_state(client, ada, agent):
    room = conversation(ada)
    seen = {}
    for step in (
        lambda: say(room, ada, "Hello?"),
        lambda: say(room, agent, "Hello."),
        lambda: say(room, ada, "Thank you."),
        lambda: cases.close_case(room_uid=room.uid, by=Actor.person(agent)),
    ):
        step()
        for who in (ada, agent):
            client.force_login(who)
            page = client.get(url("conversation", room)).content.decode()
            seen.setdefault(who, []).append(re.search(r"data-case[^>]*>([^<]+)<", page)[1])

    assert seen[ada] == ["Waiting for our reply", "Answered", "Waiting for our reply", "Closed"]
    assert seen[agent] == ["Waiting for our reply", "Waiting for the customer", "Waiting for our reply", "Closed"]


def test_staff_and_own_messages_are_marked(client, ada, agent):
    room = conversation(ada)
    now = timezone.now()
    say(room, ada, "Hello?", now=now)
    say(room, agent, "Hello.", now=now + timedelta(minutes=1))
    client.force_login(ada)

    page = client.get(url("conversation", room)).content.decode()
    marks = [
        tuple(bool(re.search(rf"\s{name}[\s>]", line)) for name in ("data-own", "data-staff"))
        for line in re.findall(r'<li class="message" id="m[12]"[^>]*>', page)
    ]

    assert marks == [(True, False), (False, True)]
    assert page.count('data-part="staff">Staff<') == 1


def test_the_state_of_a_case_alone_is_for_those_who_answer(client, ada, agent):
    room = conversation(ada)
    answers = []
    for who in (ada, agent):
        client.force_login(who)
        answers.append(client.get(url("case", room)).status_code)

    assert answers == [403, 200]


def test_too_long_message_is_rejected_and_text_is_preserved(client, room, ada):
    client.force_login(ada)
    body = "x" * 9000 + "\r\n" * 500
    long = {"client_id": "0193f3a0-0000-7000-8000-000000000002", "body": body + "y" * 600}

    refused = client.post(url("send", room), long)
    fits = client.post(url("send", room), long | {"body": body + "y" * 500})

    assert refused.status_code == 422
    assert "at most 10000 characters (it has 10100)" in refused.content.decode()
    assert "y" * 600 in refused.content.decode()
    assert "maxlength" not in refused.content.decode().split('id="composer-body"')[1].split(">")[0]
    assert fits.status_code == 302
