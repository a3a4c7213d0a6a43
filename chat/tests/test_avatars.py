"""Faces in conversations: a small picture beside a name, letters where there is none; no query more for any number."""

import re

import pytest
from django.test import Client as Browser

from accounts.tests.factories import UserFactory
from accounts.users import services as people
from accounts.users.models import User
from blog.tests.factories import picture
from chat.conftest import Client
from chat.messages.services import messages
from chat.realtime.threads import run_in_db_thread
from chat.rooms.services import rooms
from chat.support.models import SupportCase
from chat.tests.factories import conversation, private_room, say
from core.content.models import Picture
from core.context import Actor
from core.ids import uuid7

RENDITIONS = [
    {"name": "pictures/aa/face-640.webp", "type": "webp", "width": 640},
    {"name": "pictures/aa/face-320.webp", "type": "webp", "width": 320},
    {"name": "pictures/aa/face-320.avif", "type": "avif", "width": 320},
]
SMALL = "/media/pictures/aa/face-320.webp"

pytestmark = pytest.mark.django_db


def with_face(user):
    shown = picture()
    Picture.objects.filter(pk=shown.pk).update(renditions=RENDITIONS, width=1280, height=960)
    people.change_profile(user_id=user.pk, by=Actor.person(user), avatar=shown)
    return User.objects.get(pk=user.pk)


def avatars(page):
    """Each avatar on a page: its picture's address, or its letters."""
    found = re.findall(r'<span class="avatar[^>]*>(.*?)</span>', page.content.decode(), re.DOTALL)
    return [match[1] if (match := re.search(r'src="([^"]+)"', one)) else one for one in found]


def test_messages_show_avatar_or_initials(room, ada, ben, client):
    say(room, with_face(ada))
    say(room, ben)

    page = client.get("/talk/rooms/glaze-talk/")

    assert avatars(page) == [SMALL, "BB"]


def test_a_direct_room_shows_the_other_in_its_head_and_in_the_list(ada, ben, client):
    with_face(ben)
    direct = rooms.open_direct(with_user=ben, by=Actor.person(ada))
    client.force_login(ada)

    inside, listed = client.get(f"/talk/c/{direct.uid}/"), client.get("/talk/")

    assert avatars(inside).count(SMALL) == 2  # the list beside, and the head
    assert SMALL in avatars(listed)


def test_who_sees_the_desk_sees_the_customer(ada, agent, client):
    conversation(with_face(ada))
    client.force_login(agent)

    assert SMALL in avatars(client.get("/talk/desk/"))
    (told,) = client.get("/api/v1/conversations/").json()["results"]
    assert told["customer"] == {"uid": ada.public_id, "name": "Ada Ash", "avatar": SMALL}


def test_the_api_gives_its_address_or_null(room, ada, ben, client):
    say(room, with_face(ada))
    say(room, ben)
    client.force_login(ben)

    told = client.get(f"/api/v1/rooms/{room.uid}/messages/").json()["results"]

    assert [message["author"]["avatar"] for message in told] == [None, SMALL]


@pytest.mark.django_db(transaction=True)
async def test_frames_carry_it_and_the_next_message_has_the_new_one(ada, ben):
    room = await run_in_db_thread(lambda: private_room(ada, ben))
    await run_in_db_thread(with_face, ada)
    writer = await (await run_in_db_thread(lambda: Client(ada))).open()
    reader = await (await run_in_db_thread(lambda: Client(ben))).open()
    await reader.ask("sub", room=str(room.uid), rev=0)

    await writer.ask("send", room=str(room.uid), cid=str(uuid7()), body="Hello")
    heard = await reader.hear("msg")

    assert heard["message"]["author"] == {
        "uid": ada.public_id, "name": "Ada Ash", "avatar": SMALL, "is_staff": False,
    }  # fmt: skip
    await writer.close()
    await reader.close()


def test_sockets_learn_of_a_new_face(ada, monkeypatch):
    from chat.support.handlers import recheck_sockets
    from core.testing import events_named

    told = []
    monkeypatch.setattr("chat.support.handlers.bus.publish_recheck", told.append)
    with_face(ada)

    recheck_sockets(events_named("user.changed_profile")[-1], "key")

    assert told == [ada.public_id]


def test_an_erased_person_has_none(room, ada, ben, client):
    from accounts.data_requests.services.anonymisation import anonymise_account

    say(room, with_face(ada))
    anonymise_account(user=ada, emails=[ada.email])

    client.force_login(ben)
    page = client.get("/talk/rooms/glaze-talk/")
    (told,) = client.get(f"/api/v1/rooms/{room.uid}/messages/").json()["results"]

    assert SMALL not in page.content.decode()
    assert told["author"]["avatar"] is None


def test_sending_costs_no_query_for_the_face(room, ada, statements):
    with_face(ada)
    browser = Browser()
    browser.force_login(ada)
    writer = Actor.person(User.objects.select_related("avatar").get(pk=ada.pk))

    with statements() as run:
        messages.send_message(room_uid=room.uid, body="Hello", client_id=uuid7(), by=writer)

    assert len(run.sql) == 2


@pytest.mark.parametrize("count", [1, 24, 100])
def test_faces_cost_nothing_however_many(room, ben, client, django_assert_max_num_queries, count):
    for _ in range(count):
        say(room, with_face(UserFactory()))

    with django_assert_max_num_queries(3):
        page = client.get("/talk/rooms/glaze-talk/")
    client.force_login(ben)
    with django_assert_max_num_queries(6):  # one of them for the head of the page
        answer = client.get(f"/api/v1/rooms/{room.uid}/messages/")

    assert avatars(page).count(SMALL) == min(count, 50)
    assert {message["author"]["avatar"] for message in answer.json()["results"]} == {SMALL}


@pytest.mark.parametrize("count", [1, 24])
def test_a_list_of_direct_rooms_costs_the_same_with_faces(ada, client, django_assert_max_num_queries, count):
    for _ in range(count):
        rooms.open_direct(with_user=with_face(UserFactory()), by=Actor.person(ada))
    client.force_login(ada)

    with django_assert_max_num_queries(6):  # one of them for the head of the page
        page = client.get("/talk/")

    assert avatars(page).count(SMALL) == count


def test_the_desk_costs_the_same_with_faces(agent, client, django_assert_max_num_queries):
    for _ in range(24):
        conversation(with_face(UserFactory()))
    client.force_login(agent)

    with django_assert_max_num_queries(6):  # one of them for the head of the page
        page = client.get("/talk/desk/")

    assert SupportCase.objects.count() == avatars(page).count(SMALL) == 24
