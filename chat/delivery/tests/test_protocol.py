"""Frames: whatever comes is a frame of the protocol or a refusal, never a fault."""

import json
import string
from uuid import UUID

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from chat.delivery import protocol
from chat.delivery.protocol import InvalidFrame
from chat.messages.rendering import render

ROOM = "0193f3a0-0000-7000-8000-000000000001"
CID = "0193f3a0-0000-7000-8000-000000000002"

GOOD = [
    ({"type": "hello", "proto": 1}, protocol.Hello(1)),
    ({"type": "sub", "ref": "1", "room": ROOM, "rev": 0}, protocol.Sub("1", UUID(ROOM), 0)),
    ({"type": "unsub", "room": ROOM}, protocol.Unsub(UUID(ROOM))),
    ({"type": "sync", "room": ROOM, "after": 7}, protocol.Sync(UUID(ROOM), 7)),
    (
        {"type": "send", "ref": "1", "room": ROOM, "cid": CID, "body": "Hi", "cards": [{"kind": "product", "id": "x"}]},
        protocol.Send("1", UUID(ROOM), UUID(CID), "Hi", None, (("product", "x"),)),
    ),
    ({"type": "edit", "ref": "1", "room": ROOM, "seq": 1, "body": "x"}, protocol.Edit("1", UUID(ROOM), 1, "x")),
    ({"type": "del", "ref": "1", "room": ROOM, "seq": 1}, protocol.Delete("1", UUID(ROOM), 1)),
    ({"type": "react", "ref": "1", "room": ROOM, "seq": 1, "emoji": "👍", "on": False}, protocol.React("1", UUID(ROOM), 1, "👍", False)),
    ({"type": "read", "room": ROOM, "seq": 1}, protocol.Read(UUID(ROOM), 1)),
    ({"type": "typing", "room": ROOM}, protocol.Typing(UUID(ROOM))),
    ({"type": "watch", "ref": "1", "lists": ["desk", "rooms", "desk"]}, protocol.Watch("1", ("desk", "rooms"))),
    ({"type": "ping", "anything": "else"}, protocol.Ping()),
]  # fmt: skip


@pytest.mark.parametrize(("given", "frame"), GOOD)
def test_each_frame_is_read(given, frame):
    assert protocol.parse(json.dumps(given)) == frame


@pytest.mark.parametrize(
    "change",
    [
        {"type": "nothing"},
        {"type": None},
        {"room": "not-a-uuid"},
        {"room": 7},
        {"cid": None},
        {"body": 7},
        {"body": "nul \0"},
        {"body": "half \ud800"},
        {"ref": "r" * 41},
        {"ref": 1},
        {"reply_to": -1},
        {"reply_to": True},
        {"reply_to": 2**53},
        {"reply_to": 1.0},
        {"cards": "x"},
        {"cards": [{"kind": "product"}]},
        {"cards": [["product", "x"]]},
        {"cards": [{"kind": "p", "id": "x" * 81}]},
        {"cards": [{"kind": "p", "id": "x"}] * 5},
    ],
)
def test_a_frame_with_a_wrong_part_is_refused(change):
    good = {"type": "send", "ref": "1", "room": ROOM, "cid": CID, "body": "Hi"}

    with pytest.raises(InvalidFrame):
        protocol.parse(json.dumps(good | change))


@pytest.mark.parametrize("missing", ["ref", "room", "cid", "body"])
def test_a_frame_with_a_missing_part_is_refused_under_its_ref(missing):
    good = {"type": "send", "ref": "17", "room": ROOM, "cid": CID, "body": "Hi"}
    del good[missing]

    with pytest.raises(InvalidFrame) as refused:
        protocol.parse(json.dumps(good))

    assert refused.value.details["ref"] == ("" if missing == "ref" else "17")


@pytest.mark.parametrize(
    "text", [None, b"{}", "", "null", "[]", "7", "{", "[" * 60_000, '{"a":' * 20_000, "1" * 5000, "x" * 65_537, '{"type":"ping"}' + " " * 65_536]
)  # fmt: skip
def test_what_is_no_frame_at_all_is_refused(text):
    with pytest.raises(InvalidFrame):
        protocol.parse(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([ROOM, CID, "👍"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["type", "ref", "room", "cid", "rev", "seq", "after", "body", "cards", "emoji", "on", "proto", "reply_to", "lists"]
)
kinds = st.sampled_from([given["type"] for given, _ in GOOD])


@given(st.dictionaries(names, values), kinds | values)
def test_any_input_parses_to_a_frame_or_an_error(data, kind):
    text = json.dumps(data | {"type": kind})

    try:
        frame = protocol.parse(text)
    except InvalidFrame:
        event("refused")
    else:
        assert frame.type == kind


@given(st.text(max_size=300))
def test_text_that_is_not_ours_is_refused_and_nothing_else(text):
    with pytest.raises(InvalidFrame):
        protocol.parse(text)


@given(st.text(alphabet=string.printable + "äé<>&\"'\u2028", max_size=200))
def test_rendering_keeps_no_tag_but_its_own(body):
    html = render(body)

    for tag in ("<p>", "</p>", "<br>", "</a>"):
        html = html.replace(tag, "")
    while (start := html.find('<a href="')) >= 0:
        end = html.index('rel="nofollow">', start)
        assert html[start + 9 :].startswith(("http://", "https://", "mailto:"))
        html = html[:start] + html[end + len('rel="nofollow">') :]
    assert "<" not in html
