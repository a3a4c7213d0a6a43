"""Whatever a client sends, its socket goes on answering."""

import json
from typing import Any

import pytest

from chat.conftest import Client
from chat.delivery import protocol
from chat.delivery.tests.test_protocol import CID, GOOD
from chat.messages.models import Message
from chat.realtime.outbox import Outbox
from chat.realtime.threads import run_in_db_thread
from chat.tests.factories import say
from core.testing import snapshot

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = ("chat.Room", "chat.Message", "chat.Membership", "chat.Reaction")
FRAMES = [frame for frame, _parsed in GOOD]
# Half a surrogate pair and NUL are valid JSON; Python writes the first as \ud800.
BAD: list[Any] = [
    None, True, [], {}, "", "\ud800", "\udfff\ud800", "\0", "x" * 50, 0.5, -1, 2**53, 2**63, 10**400, float("nan"),
    float("inf"), [[[[]]]], {"\ud800": "\ud800"}, ["\0"], [{"kind": "\ud800", "id": "\0"}], "0" * 32, "é" * 20,
    "x" * 5000, "9" * 30, "0001-01-01T00:00:00+23:59",
]  # fmt: skip


async def raw(client: Any, text: str | None = None, data: bytes | None = None) -> None:
    await client.wire.send_input({"type": "websocket.receive", "text": text, "bytes": data})


async def still_answers(client: Any) -> None:
    await client.tell("ping")
    await client.hear("pong")


@pytest.mark.parametrize("role", ["customer", "staff"])
async def test_a_frame_with_anything_in_any_field_is_answered(connect, room, ada, staff, role, monkeypatch):
    monkeypatch.setattr("chat.realtime.consumers.TokenBucket.require", lambda bucket: None)
    monkeypatch.setattr("chat.messages.limits.require_send", lambda by: None)
    await run_in_db_thread(say, room, ada)
    before = await run_in_db_thread(snapshot, *ROWS)
    client = await connect(ada if role == "customer" else staff)
    for frame in FRAMES:
        await anything_in_any_field(client, frame)
    assert await run_in_db_thread(snapshot, *ROWS) == before  # a room that is not there

    for frame in FRAMES:
        await anything_in_any_field(client, {**frame, "room": str(room.uid)} if "room" in frame else frame)

    faults = [frame for frame in client.buffered if frame.get("code") in ("internal", "unavailable")]
    assert faults == []
    assert {frame["code"] for frame in client.buffered if frame["type"] == "err"} > {"bad_frame", "not_found"}


async def anything_in_any_field(client: Any, frame: dict[str, Any]) -> None:
    for name in {*frame, "ref", "room", "seq", "body", "cards", "reply_to"} - {"type"}:
        for value in BAD:
            await raw(client, json.dumps({**frame, name: value}))
        await still_answers(client)


async def test_anonymous_socket_is_closed_for_any_frame(room, transactional_db):
    before = await run_in_db_thread(snapshot, *ROWS)
    client = Client(None)
    await client.knock()
    for frame in FRAMES:
        for name in frame:
            await raw(client, json.dumps({**frame, "room": str(room.uid), name: "\ud800"}))
    await raw(client, "[" * 60_000)

    assert (await client.hear("bye"))["code"] == "signed_out"
    assert await client.closed() == 4401
    assert client.buffered == []
    assert await run_in_db_thread(snapshot, *ROWS) == before


@pytest.mark.parametrize("ref", ["\ud800", "a\udfff", "\0", "r" * 41, 7, None, ["1"], {"a": 1}])
async def test_a_refused_frame_with_an_unreadable_ref_is_answered_without_it(connect, ada, ref):
    client = await connect(ada)

    await raw(client, json.dumps({"type": "nope", "ref": ref}))
    answer = await client.hear("err")

    assert (answer["ref"], answer["code"]) == ("", "bad_frame")
    await still_answers(client)


@pytest.mark.parametrize(
    "text",
    [None, "", "[" * 60_000, '{"type":"ping","x":' + "[" * 60_000, '{"type":"send","body":' + '{"a":' * 10_000, "1" * 5000,
     '{"type":"sub","ref":"1","room":1e999,"rev":1e400}', "\ud800", '"\\ud800"', "x" * 65_537],
)  # fmt: skip
async def test_what_is_no_frame_at_all_is_answered(connect, ada, text):
    client = await connect(ada)

    await raw(client, text, None if text else b"\xff\xfe")
    answer = await client.hear("err")

    assert answer["code"] == "bad_frame"
    await still_answers(client)


async def test_a_fault_in_one_request_is_answered_and_the_socket_goes_on(connect, room, ada, monkeypatch):
    monkeypatch.setattr("chat.realtime.consumers.messages.send_message", lambda **asked: 1 / 0)
    client = await connect(ada)

    answer = await client.ask("send", room=str(room.uid), cid=CID, body="Hi")

    assert answer["code"] == "internal"
    await still_answers(client)
    assert await run_in_db_thread(Message.objects.count) == 0


async def test_a_frame_that_cannot_be_sent_does_not_hold_up_those_behind_it():
    sent = []

    async def send(event: dict[str, Any]) -> None:
        event.get("text", "").encode()  # as every server does
        sent.append(event.get("text"))

    outbox = Outbox(send)
    for text in ("one", "\ud800", "two"):
        outbox.put(text)
    outbox.close(1000)
    await outbox._writer

    assert sent == ["one", "two", None]


def test_every_frame_the_server_builds_can_be_encoded():
    frame = protocol.err("\ud800", "bad_frame", "é \udfff")

    assert json.loads(frame.encode()) == {"type": "err", "ref": "\ud800", "code": "bad_frame", "detail": "é \udfff"}
