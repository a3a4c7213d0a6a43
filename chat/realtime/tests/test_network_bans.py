"""From a banned network people read conversations and say nothing, whatever way they come; staff answer."""

import pytest
from django.test import Client as Browser

from accounts.bans import services as bans
from accounts.impersonation.tests.conftest import with_role
from chat.conftest import Client
from chat.messages.models import Message
from chat.realtime.threads import run_in_db_thread
from chat.rooms.services import rooms
from chat.tests.factories import RoomFactory, say
from core.context import Actor
from core.ids import uuid7
from core.testing import snapshot

pytestmark = pytest.mark.django_db(transaction=True)

HERE, ELSEWHERE = "203.0.113.77", "198.51.100.7"
SAID = ("chat.Message", "chat.MessageEdit", "chat.Reaction", "chat.Room", "accounts.Report", "core.Event")


def ban_here(scope="chat"):
    return bans.ban(network="203.0.113.0/24", scope=scope, reason="spam", by=Actor.system("test"))


def joined(*people):
    room = RoomFactory(title="Glaze talk", slug="glaze-talk")
    for person in people:
        rooms.join_room(room_uid=room.uid, by=Actor.person(person))
    return room


@pytest.mark.parametrize("scope", ["chat", "all"])
def test_pages_and_the_api_read_and_refuse_to_say(ada, scope):
    room, page, elsewhere = joined(ada), Browser(REMOTE_ADDR=HERE), Browser(REMOTE_ADDR=ELSEWHERE)
    said = say(room, ada, "Before")
    ban_here(scope)
    page.force_login(ada)
    elsewhere.force_login(ada)
    before = snapshot(*SAID)
    wish = {"client_id": str(uuid7()), "body": "After"}

    by_api = page.post(f"/api/v1/rooms/{room.uid}/messages/", wish, content_type="application/json")
    by_page = page.post(f"/talk/c/{room.uid}/messages/", wish)
    edited = page.patch(
        f"/api/v1/rooms/{room.uid}/messages/{said.seq}/", {"body": "x"}, content_type="application/json"
    )
    shown = page.get("/talk/rooms/glaze-talk/").content.decode()
    refused = (
        by_api.status_code,
        by_api.json()["code"],
        by_page.status_code,
        edited.status_code,
        snapshot(*SAID) == before,
    )
    taken = elsewhere.post(f"/api/v1/rooms/{room.uid}/messages/", wish, content_type="application/json")

    assert refused == (403, "banned", 403, 403, True)
    assert "Before" in shown
    assert "You are banned from posting here permanently." in shown
    assert taken.status_code == 201


async def test_the_socket_reads_and_refuses_to_say(ada):
    room = await run_in_db_thread(joined, ada)
    await run_in_db_thread(ban_here)
    here = await (await run_in_db_thread(lambda: Client(ada, address=HERE))).open()
    elsewhere = await (await run_in_db_thread(lambda: Client(ada, address=ELSEWHERE))).open()
    before = await run_in_db_thread(snapshot, *SAID)
    wish = {"room": str(room.uid), "cid": str(uuid7()), "body": "After"}

    followed = await here.ask("sub", room=str(room.uid), rev=0)
    refused = await here.ask("send", **wish)
    nothing = await run_in_db_thread(snapshot, *SAID) == before
    taken = await elsewhere.ask("send", **wish)

    assert (followed["type"], refused["type"], refused["code"], nothing) == ("ok", "err", "banned", True)
    assert taken["type"] == "ok"
    await here.close()
    await elsewhere.close()


def test_agents_can_write_from_a_banned_network():
    agent = with_role("support-agent")
    room, page = joined(agent), Browser(REMOTE_ADDR=HERE)
    ban_here("all")
    page.force_login(agent)

    answer = page.post(
        f"/api/v1/rooms/{room.uid}/messages/",
        {"client_id": str(uuid7()), "body": "We are here"},
        content_type="application/json",
    )

    assert answer.status_code == 201
    assert Message.objects.filter(room=room, body="We are here").count() == 1


def test_a_message_is_not_reported_from_there_either(ada, ben):
    room, page = joined(ada, ben), Browser(REMOTE_ADDR=HERE)
    said = say(room, ben, "Buy clay")
    ban_here("report")
    page.force_login(ada)
    before = snapshot(*SAID)

    answer = page.post(
        f"/api/v1/rooms/{room.uid}/messages/{said.seq}/reports/", {"reason": "spam"}, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "banned")
    assert snapshot(*SAID) == before
