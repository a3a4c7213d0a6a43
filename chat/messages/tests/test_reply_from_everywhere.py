"""An agent's answer is the same row and the same mark, whichever way it is given."""

import asyncio

import pytest
from django.test import Client as Browser
from django.urls import reverse
from rest_framework.test import APIClient

from chat.conftest import Client
from chat.messages.models import Message
from chat.messages.services import messages
from chat.rooms.models import Membership
from chat.support.models import SupportCase
from chat.tests.factories import conversation, say
from core.context import Actor
from core.ids import uuid7

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "It is at customs; I have sent the form again."


def by_service(room, agent, cid):
    messages.send_message(room_uid=room.uid, body=WORDS, client_id=cid, by=Actor.person(agent))


def by_page(room, agent, cid):
    browser = Browser()
    browser.force_login(agent)
    assert browser.post(reverse("chat:send", args=[room.uid]), {"client_id": cid, "body": WORDS}).status_code == 302


def by_api(room, agent, cid):
    api = APIClient()
    api.force_login(agent)
    answer = api.post(f"/api/v1/rooms/{room.uid}/messages/", {"client_id": str(cid), "body": WORDS})
    assert answer.status_code in (200, 201)


def by_admin(room, agent, cid):
    browser = Browser()
    browser.force_login(agent)
    case = SupportCase.objects.get(room=room)
    url = reverse("admin:chat_supportcase_act", args=[case.pk, "reply"])
    assert browser.post(url, {"client_id": cid, "body": WORDS}).status_code == 302


def by_socket(room, agent, cid):
    session = Client(agent)

    async def talk():
        await session.open()
        answer = await session.ask("send", room=str(room.uid), cid=str(cid), body=WORDS)
        await session.close()
        return answer

    assert asyncio.run(talk())["type"] == "ok"


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("way", [by_service, by_page, by_api, by_admin, by_socket])
def test_a_reply_is_one_row_one_mark_and_one_turn(ada, agent, way, twice):
    room = conversation(ada)
    say(room, ada, "Where is my parcel?")
    cid = uuid7()

    for _ in range(2 if twice else 1):
        way(room, agent, cid)

    reply = Message.objects.get(room=room, seq=2)
    row = {name: getattr(reply, name) for name in ("rev", "author", "kind", "client_id", "body", "html", "cards")}
    assert row == {
        "rev": 2,
        "author": agent,
        "kind": "text",
        "client_id": cid,
        "body": WORDS,
        "html": f"<p>{WORDS}</p>",
        "cards": [],
    }
    room.refresh_from_db()
    assert (room.last_seq, room.last_rev) == (2, 2)
    mark = Membership.objects.get(room=room, user=agent)
    assert (mark.last_read_seq, mark.role, mark.left_at) == (2, "agent", None)
    case = SupportCase.objects.get(room=room)
    assert (case.status, case.first_reply_at) == ("waiting", reply.created_at)
