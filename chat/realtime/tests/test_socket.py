"""The socket: only for those who may, told in order, and resumed without a gap."""

import json

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chat.conftest import Client
from chat.messages.models import Message
from chat.messages.services import changes
from chat.realtime.threads import run_in_db_thread
from chat.rooms.models import Membership
from chat.rooms.services import rooms
from chat.tests.factories import conversation, fill, private_room, say
from core.context import Actor
from core.events.models import Event
from core.ids import uuid7
from core.logs import add_request_context
from core.testing import snapshot

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = ("chat.Room", "chat.Message", "chat.Membership", "chat.Reaction")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "",
        "null",
        "https://localhost",
        "http://localhost:4711",
        "http://user@localhost",
        "http://localhost/path",
        "http://sub.localhost",
        "http://localhost.evil.example",
        "ftp://localhost",
        "http://localhost:x",
    ],
)
async def test_a_socket_from_another_site_is_refused(ada, origin):
    client = await run_in_db_thread(lambda: Client(ada, origin=origin))

    assert not await client.knock()


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:80", "HTTP://LOCALHOST"])
async def test_a_page_of_this_site_opens_a_socket(ada, origin):
    client = await run_in_db_thread(lambda: Client(ada, origin=origin))

    assert await client.knock()
    await client.close()


@pytest.mark.parametrize("origin", ["http://localhost", "https://localhost:80"])
async def test_behind_the_proxy_the_scheme_is_the_visitors(ada, settings, origin):
    settings.BEHIND_PROXY = True
    client = await run_in_db_thread(lambda: Client(ada, origin=origin, headers=[(b"x-forwarded-proto", b"https")]))

    assert not await client.knock()


@pytest.mark.parametrize("path", ["/ws/", "/ws/nothing/", "/ws/talk/more/", "/", "/ws/%00/"])
@pytest.mark.parametrize("extensions", [{}, {"websocket.http.response": {}}], ids=["plain", "http-response"])
async def test_a_socket_at_an_unknown_address_is_answered_with_not_found(ada, path, extensions):
    client = await run_in_db_thread(lambda: Client(ada, path=path, extensions=extensions))

    await client.wire.send_input({"type": "websocket.connect"})
    answer = await client.wire.receive_output(30)

    assert answer.get("status", answer.get("code")) == (404 if extensions else 4404)


async def test_without_a_session_the_socket_says_so_and_closes(transactional_db):
    client = Client(None)
    await client.knock()

    frame = await client.hear("bye")

    assert frame["code"] == "signed_out"
    assert await client.closed() == 4401


async def test_unknown_protocol_version_is_closed(ada):
    client = await run_in_db_thread(lambda: Client(ada))
    await client.knock()

    await client.tell("hello", proto=0)

    assert (await client.hear("bye"))["code"] == "protocol"
    assert await client.closed() == 4400


async def test_nothing_is_answered_before_hello(ada, room):
    client = await run_in_db_thread(lambda: Client(ada))
    await client.knock()

    answer = await client.ask("send", room=str(room.uid), cid=str(uuid7()), body="Hi")

    assert answer["code"] == "hello_first"
    assert await run_in_db_thread(Message.objects.count) == 0
    await client.close()


async def test_a_message_is_acknowledged_and_everyone_who_follows_gets_it(connect, room, ada, ben):
    first, second = await connect(ada), await connect(ben)
    for client in (first, second):
        await client.ask("sub", room=str(room.uid), rev=0)
    cid = str(uuid7())

    answer = await first.ask("send", room=str(room.uid), cid=cid, body="Hello <b>you</b>")
    heard = [await client.hear("msg") for client in (second, first)] if answer["type"] == "ok" else []

    assert (answer["type"], answer["seq"], answer["rev"], answer["dup"]) == ("ok", 1, 1, False)
    assert [frame["message"] for frame in heard] == [heard[0]["message"]] * 2
    message = heard[0]["message"]
    assert (message["cid"], message["seq"], message["author"]["name"]) == (cid, 1, "Ada Ash")
    assert message["html"] == "<p>Hello &lt;b&gt;you&lt;/b&gt;</p>"
    assert "email" not in json.dumps(heard)


async def test_the_same_cid_again_is_acknowledged_as_the_same_message(connect, room, ada):
    client = await connect(ada)
    asked = {"room": str(room.uid), "cid": str(uuid7()), "body": "Once"}

    first, again = await client.ask("send", **asked), await client.ask("send", **asked)

    assert (first["seq"], first["dup"], again["seq"], again["dup"]) == (1, False, 1, True)
    assert await run_in_db_thread(Message.objects.count) == 1


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        ("sub", {"rev": 0}),
        ("send", {"cid": str(uuid7()), "body": "Let me in"}),
        ("edit", {"seq": 1, "body": "Changed"}),
        ("del", {"seq": 1}),
        ("react", {"seq": 1, "emoji": "👍"}),
    ],
)
async def test_to_one_who_is_not_in_it_a_room_does_not_exist_and_nothing_changes(
    connect, ada, ben, stranger, kind, rest
):
    closed = await run_in_db_thread(private_room, ada, ben)
    await run_in_db_thread(say, closed, ada)
    before = await run_in_db_thread(snapshot, *ROWS)
    client = await connect(stranger)

    answer = await client.ask(kind, room=str(closed.uid), **rest)

    assert (answer["type"], answer["code"]) == ("err", "not_found")
    assert await run_in_db_thread(snapshot, *ROWS) == before


async def test_marking_a_strange_room_read_changes_nothing(connect, ada, ben, stranger):
    closed = await run_in_db_thread(private_room, ada, ben)
    await run_in_db_thread(say, closed, ada)
    before = await run_in_db_thread(snapshot, *ROWS)
    client = await connect(stranger)

    await client.tell("read", room=str(closed.uid), seq=1)
    await client.tell("ping")
    await client.hear("pong")

    assert await run_in_db_thread(snapshot, *ROWS) == before


async def test_resuming_replays_new_messages_edits_marks_and_removals(connect, room, ada, ben):
    def earlier() -> None:
        for body in ("one", "two", "three"):
            say(room, ada, body)

    def meanwhile() -> None:
        changes.edit_message(room_uid=room.uid, seq=1, body="one, corrected", by=Actor.person(ada))
        changes.delete_message(room_uid=room.uid, seq=2, by=Actor.person(ada))
        changes.react(room_uid=room.uid, seq=3, emoji="🎉", on=True, by=Actor.person(ben))
        say(room, ben, "four")

    await run_in_db_thread(earlier)
    client = await connect(ada)
    await client.ask("sub", room=str(room.uid), rev=0)
    await client.close()
    await run_in_db_thread(meanwhile)
    again = await connect(ada)
    await again.tell("sub", ref="r", room=str(room.uid), rev=3)

    told = await again.hear("sync")

    assert (told["head"], told["more"]) == (7, False)
    assert [(m["seq"], m["rev"], m["body"], m["deleted"]) for m in told["messages"]] == [
        (1, 4, "one, corrected", False),
        (2, 5, "", True),
        (3, 6, "three", False),
        (4, 7, "four", False),
    ]
    assert told["messages"][2]["reactions"] == [{"emoji": "🎉", "people": [str(ben.uid)]}]


async def test_resume_sends_batches_until_complete(connect, room, ada):
    await run_in_db_thread(fill, room, ada, 450)
    client = await connect(ada)
    await client.tell("sub", ref="r", room=str(room.uid), rev=0)

    told = [await client.hear("sync") for _ in range(3)]

    assert [(len(frame["messages"]), frame["head"], frame["more"]) for frame in told] == [
        (200, 200, True),
        (200, 400, True),
        (50, 450, False),
    ]


@pytest.mark.parametrize(("rev", "reason"), [(0, "behind"), (1501, "ahead")])
async def test_client_too_far_behind_is_reset(connect, room, ada, rev, reason):
    await run_in_db_thread(fill, room, ada, 1500)
    client = await connect(ada)
    await client.tell("sub", ref="r", room=str(room.uid), rev=rev)

    frame = await client.hear("reset")
    answer = await client.hear("ok")

    assert (frame["reason"], answer["head"]) == (reason, 1500)


async def test_changes_come_one_by_one_in_the_order_of_revisions(connect, room, ada, ben):
    client = await connect(ada)
    await client.ask("sub", room=str(room.uid), rev=0)

    def talk() -> None:
        for number in range(20):
            say(room, ben, f"{number}")
        changes.edit_message(room_uid=room.uid, seq=5, body="five", by=Actor.person(ben))

    await run_in_db_thread(talk)
    heard = [await client.hear("msg", "chg") for _ in range(21)]

    assert [frame["message"]["rev"] for frame in heard] == list(range(1, 22))
    assert (heard[-1]["type"], heard[-1]["message"]["seq"]) == ("chg", 5)


async def test_others_see_who_writes_and_who_has_read(connect, ada, ben):
    closed = await run_in_db_thread(private_room, ada, ben)
    await run_in_db_thread(say, closed, ada)
    first, second = await connect(ada), await connect(ben)
    for client in (first, second):
        await client.ask("sub", room=str(closed.uid), rev=0)

    await second.tell("typing", room=str(closed.uid))
    typing = await first.hear("typing")
    await second.tell("read", room=str(closed.uid), seq=1)
    seen = await first.hear("seen")

    assert (typing["user"], typing["name"]) == (str(ben.uid), "Ben Bisque")
    assert (seen["user"], seen["seq"]) == (str(ben.uid), 1)
    assert await run_in_db_thread(lambda: Membership.objects.get(user=ben).last_read_seq) == 1


async def test_members_of_a_closed_room_see_who_is_here(connect, ada, ben):
    closed = await run_in_db_thread(private_room, ada, ben)
    first = await connect(ada)

    await first.tell("sub", ref="s", room=str(closed.uid), rev=0)
    frame = await first.hear("presence")

    assert list(frame["here"]) == [str(ada.uid)]


async def test_signing_out_closes_the_sockets_of_that_session(connect, room, ada, deliver_events):
    client = await connect(ada)
    await client.ask("sub", room=str(room.uid), rev=0)

    def sign_out() -> None:
        from django.test import Client as Browser

        browser = Browser()
        browser.cookies["session"] = client.session
        browser.post("/account/logout/")
        deliver_events()

    await run_in_db_thread(sign_out)

    assert (await client.hear("bye"))["code"] == "signed_out"
    assert await client.closed() == 4401


async def test_leaving_a_room_ends_following_it(connect, ada, ben):
    closed = await run_in_db_thread(private_room, ada, ben)
    client = await connect(ben)
    await client.ask("sub", room=str(closed.uid), rev=0)

    await run_in_db_thread(rooms.leave_room, room_uid=closed.uid, by=Actor.person(ben))
    frame = await client.hear("reset")
    await run_in_db_thread(say, closed, ada, "Behind your back")
    await client.tell("ping")
    rest = await client.hear("pong", "msg")

    assert (frame["room"], frame["reason"]) == (str(closed.uid), "closed")
    assert rest["type"] == "pong"


async def test_the_eleventh_socket_of_a_person_is_refused(connect, ada):
    for _ in range(10):
        await connect(ada)
    client = await run_in_db_thread(lambda: Client(ada))
    await client.knock()

    assert (await client.hear("bye"))["code"] == "too_many"
    assert await client.closed() == 4429


async def test_sending_too_fast_is_refused_with_when_to_come_back(connect, room, ada):
    client = await connect(ada)
    asked = {"room": str(room.uid), "body": "Hi"}

    answers = [await client.ask("send", cid=str(uuid7()), **asked) for _ in range(30)]

    refused = [answer for answer in answers if answer["type"] == "err"]
    assert refused
    assert {(answer["code"], answer["retry_after"] >= 1) for answer in refused} == {("rate_limited", True)}
    assert await run_in_db_thread(Message.objects.count) == 30 - len(refused)


async def test_nonsense_is_answered_and_the_socket_stays(connect, ada):
    client = await connect(ada)

    for text in ("", "{", "[]", '{"type":"send"}', '{"type":[]}', "[" * 50_000, '{"type":"sub","rev":1e400}'):
        await client.wire.send_input({"type": "websocket.receive", "text": text})
        assert (await client.hear("err"))["code"] == "bad_frame"
    await client.wire.send_input({"type": "websocket.receive", "bytes": b"\xff"})
    assert (await client.hear("err"))["code"] == "bad_frame"

    await client.tell("ping")
    assert (await client.hear("pong"))["type"] == "pong"


async def test_an_agent_answers_a_customer_live(connect, ada, agent):
    room = await run_in_db_thread(conversation, ada)
    customer, helper = await connect(ada), await connect(agent)
    for client in (customer, helper):
        await client.ask("sub", room=str(room.uid), rev=0)

    await helper.ask("send", room=str(room.uid), cid=str(uuid7()), body="How can I help?")

    assert (await customer.hear("msg"))["message"]["author"]["name"] == "Ana Agent"


async def test_messages_are_acknowledged_and_delivered_without_redis(without_redis, connect, room, ada, ben):
    first, second = await connect(ada), await connect(ben)
    for client in (first, second):
        await client.ask("sub", room=str(room.uid), rev=0)
        await client.hear("sync")

    answers = [await first.ask("send", room=str(room.uid), cid=str(uuid7()), body=f"{n}") for n in range(3)]
    told = []
    while len(told) < 3:
        told += [message["seq"] for message in (await second.hear("sync"))["messages"]]

    assert [(answer["type"], answer["seq"]) for answer in answers] == [("ok", 1), ("ok", 2), ("ok", 3)]
    assert sorted(set(told)) == [1, 2, 3]


async def test_when_the_database_is_away_nothing_is_acknowledged_and_the_socket_stays(connect, room, ada, monkeypatch):
    from django.db import OperationalError

    from chat.realtime import consumers

    client = await connect(ada)

    def gone(**_):
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(consumers.messages, "send_message", gone)
    asked = {"room": str(room.uid), "cid": str(uuid7()), "body": "Hi"}
    refused = await client.ask("send", **asked)
    monkeypatch.undo()
    answer = await client.ask("send", **asked)

    assert (refused["type"], refused["code"], refused["retry_after"]) == ("err", "unavailable", 2)
    assert (answer["type"], answer["dup"]) == ("ok", False)


async def test_what_a_frame_does_carries_the_id_of_the_socket_and_the_frames_number(staff, ada, room):
    message = await run_in_db_thread(say, room, ada)
    client = await run_in_db_thread(lambda: Client(staff, request_id="id-of-the-proxy-42"))
    await client.open()

    with capture_logs(processors=[add_request_context]) as logged:
        answer = await client.ask("del", room=str(room.uid), seq=message.seq)
        await client.close()

    assert (client.welcome["conn"], answer["type"]) == ("id-of-the-proxy-42", "ok")
    assert (await run_in_db_thread(Event.objects.get, name="message.removed")).request_id == "id-of-the-proxy-42.2"
    closed = next(line for line in logged if line["event"] == "socket_closed")
    assert (closed["request_id"], closed["frames"]) == ("id-of-the-proxy-42", 2)


@pytest.mark.parametrize("given", ["", "short", "has spaces in it", "x" * 65])
async def test_a_socket_without_a_fit_id_gets_one(ada, given):
    client = await run_in_db_thread(lambda: Client(ada, request_id=given))
    await client.open()

    assert len(client.welcome["conn"]) == 32
    await client.close()


async def test_open_sockets_are_counted(ada, ben):
    def count() -> float:
        return REGISTRY.get_sample_value("agora_sockets") or 0.0

    before = count()

    first, second = await run_in_db_thread(lambda: (Client(ada), Client(ben)))
    await first.open()
    await second.open()
    assert count() - before == 2
    await first.close()
    await second.close()

    assert count() == before
