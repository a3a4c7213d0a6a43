"""Frames of the socket at /ws/talk/, version 1. No database, clock or network access.

A frame is a JSON object with a `type`. Client frames are parsed into frozen dataclasses or rejected. Server frames are
built as text, once for all receivers. docs/chat-protocol.md describes the exchange.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

VERSION = 1
MAX_FRAME_BYTES = 64 * 1024
MAX_BODY_LENGTH = 10_000
MAX_REF_LENGTH = 40
MAX_CARD_ID_LENGTH = 80
MAX_CARDS = 4
MAX_ROOMS = 200
MAX_INTEGER = 2**53 - 1  # Number.MAX_SAFE_INTEGER
HEARTBEAT_SECONDS = 25
SNIPPET_LENGTH = 120
LISTS = ("rooms", "desk")
REACTIONS = ("👍", "❤️", "😄", "🎉", "🙏", "👀")

Card = tuple[str, str]


class InvalidFrame(Invalid):
    """A frame that violates the protocol. `details["ref"]` names it if it could be read."""

    code = "bad_frame"
    message = _("Invalid frame.")


@dataclass(frozen=True, slots=True)
class Hello:
    type: ClassVar = "hello"
    proto: int


@dataclass(frozen=True, slots=True)
class Sub:
    """Follow a room. `rev` is the last revision the client has, 0 for none."""

    type: ClassVar = "sub"
    ref: str
    room: UUID
    rev: int


@dataclass(frozen=True, slots=True)
class Unsub:
    type: ClassVar = "unsub"
    room: UUID


@dataclass(frozen=True, slots=True)
class Sync:
    """Request changes after `after` in a followed room."""

    type: ClassVar = "sync"
    room: UUID
    after: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message. The client creates `cid` and repeats it on every attempt."""

    type: ClassVar = "send"
    ref: str
    room: UUID
    cid: UUID
    body: str
    reply_to: int | None = None
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    type: ClassVar = "edit"
    ref: str
    room: UUID
    seq: int
    body: str


@dataclass(frozen=True, slots=True)
class Delete:
    type: ClassVar = "del"
    ref: str
    room: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class React:
    type: ClassVar = "react"
    ref: str
    room: UUID
    seq: int
    emoji: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    type: ClassVar = "read"
    room: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class Typing:
    type: ClassVar = "typing"
    room: UUID


@dataclass(frozen=True, slots=True)
class Watch:
    """Watch lists for changes: joined rooms, the desk queue."""

    type: ClassVar = "watch"
    ref: str
    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    type: ClassVar = "ping"


Frame = Hello | Sub | Unsub | Sync | Send | Edit | Delete | React | Read | Typing | Watch | Ping


def parse(text: str | bytes | None) -> Frame:
    """Parse a client frame. Raises InvalidFrame for any invalid input."""
    if not isinstance(text, str) or len(text) > MAX_FRAME_BYTES:
        raise InvalidFrame
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidFrame from None
    if not isinstance(data, dict):
        raise InvalidFrame
    kind = _KINDS.get(data["type"]) if isinstance(data.get("type"), str) else None
    ref = _readable_ref(data.get("ref"))
    if kind is None:
        raise InvalidFrame(ref=ref)
    try:
        given = {field.name: _READ[field.name](data[field.name]) for field in fields(kind) if field.name in data}
        return kind(**given)
    except (ValueError, TypeError, LookupError):
        raise InvalidFrame(ref=ref) from None


def welcome(*, connection: str, user: str, now: str) -> str:
    limits = {"frame": MAX_FRAME_BYTES, "body": MAX_BODY_LENGTH, "cards": MAX_CARDS, "rooms": MAX_ROOMS}
    return _frame(
        "welcome", proto=VERSION, conn=connection, user=user, heartbeat=HEARTBEAT_SECONDS, now=now, limits=limits
    )


def ok(ref: str, **answer: Any) -> str:
    """The request is committed."""
    return _frame("ok", ref=ref, **answer)


def err(ref: str, code: str, detail: str, retry_after: int | None = None) -> str:
    """The request was refused. With `retry_after` (seconds) it may succeed later."""
    return _frame("err", ref=ref, code=code, detail=detail, **({"retry_after": retry_after} if retry_after else {}))


def change(room: UUID, message: Mapping[str, Any], *, new: bool) -> str:
    """A new ("msg") or changed ("chg") message at its revision."""
    return _frame("msg" if new else "chg", room=str(room), message=message)


def sync(room: UUID, messages: Sequence[Mapping[str, Any]], *, head: int, more: bool) -> str:
    """All messages changed since the requested revision, in their current state. The client then is at `head`."""
    return _frame("sync", room=str(room), messages=messages, head=head, more=more)


def reset(room: UUID, reason: str) -> str:
    """The client must reload the room: it is "behind", "ahead" (the database was restored) or the room is "closed" to
    it.
    """
    return _frame("reset", room=str(room), reason=reason)


def head(revs: Mapping[str, int]) -> str:
    return _frame("head", rooms=revs)


def typing(room: UUID, user: str, name: str) -> str:
    return _frame("typing", room=str(room), user=user, name=name)


def seen(room: UUID, user: str, seq: int) -> str:
    return _frame("seen", room=str(room), user=user, seq=seq)


def presence(room: UUID, here: Mapping[str, int] | None) -> str:
    """When these members were last online, in seconds since 1970; None if unknown."""
    return _frame("presence", room=str(room), here=here)


def news(room: UUID, message: Mapping[str, Any], *, new: bool) -> str:
    """A message was added or changed in a joined room. Enough for a line of the room list."""
    author, text = message["author"], message["body"][:SNIPPET_LENGTH]
    return _frame("news", room=str(room), seq=message["seq"], new=new, author=author and author["uid"], text=text)


def read(room: UUID, seq: int) -> str:
    """The same user has read up to this message, possibly on another device."""
    return _frame("read", room=str(room), seq=seq)


def stale(name: str) -> str:
    """A watched list has changed and must be fetched again."""
    return _frame("stale", list=name)


def case(room: UUID, status: str) -> str:
    """The status of a support conversation."""
    return _frame("case", room=str(room), status=status)


def bye(code: str, after: float = 0) -> str:
    """The server closes the socket: "signed_out", "too_many" or "protocol". `after`: seconds to wait before
    reconnecting.
    """
    return _frame("bye", code=code, after=after)


def pong() -> str:
    return _frame("pong")


def _frame(kind: str, **rest: Any) -> str:
    """Encode a frame. Lone surrogates are escaped."""
    text = json.dumps({"type": kind, **rest}, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps({"type": kind, **rest}, separators=(",", ":"))
    return text


def _readable_ref(value: Any) -> str:
    """Return the ref of a rejected frame, or "" when it cannot be echoed."""
    try:
        return _text(MAX_REF_LENGTH)(value)
    except ValueError:
        return ""


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise ValueError
    return value


def _text(longest: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        # PostgreSQL stores neither NUL nor half a surrogate pair.
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise ValueError
        value.encode()
        return value

    return read


def _uuid(value: Any) -> UUID:
    if not isinstance(value, str):
        raise TypeError
    return UUID(value)


def _emoji(value: Any) -> str:
    if value not in REACTIONS:
        raise ValueError
    return str(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _cards(value: Any) -> tuple[Card, ...]:
    if not isinstance(value, list) or len(value) > MAX_CARDS:
        raise ValueError
    name = _text(MAX_CARD_ID_LENGTH)
    return tuple(
        (name(card["kind"]), name(card["id"])) if isinstance(card, dict) else _raise_invalid() for card in value
    )


def _lists(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(name not in LISTS for name in value):
        raise ValueError
    return tuple(dict.fromkeys(value))


def _raise_invalid() -> Card:
    raise ValueError


_KINDS: dict[str, type[Frame]] = {
    kind.type: kind for kind in (Hello, Sub, Unsub, Sync, Send, Edit, Delete, React, Read, Typing, Watch, Ping)
}
_READ: dict[str, Callable[[Any], Any]] = {
    "proto": _number,
    "ref": _text(MAX_REF_LENGTH),
    "room": _uuid,
    "cid": _uuid,
    "rev": _number,
    "after": _number,
    "seq": _number,
    "body": _text(MAX_FRAME_BYTES),  # the service checks the length of messages
    "reply_to": lambda value: None if value is None else _number(value),
    "cards": _cards,
    "emoji": _emoji,
    "on": _boolean,
    "lists": _lists,
}
