"""View models for the message log of a room: day lines, the unread line and messages. No database access."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from accounts.users.models import User
from chat.messages.models import Message
from core.composition.cards import Card
from core.media.images import Image

GROUPING_INTERVAL = timedelta(minutes=5)
SNIPPET_LENGTH = 120


@dataclass(frozen=True, slots=True)
class ReactionCount:
    emoji: str
    count: int
    mine: bool


@dataclass(frozen=True, slots=True)
class Quote:
    seq: int
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A message as the template renders it. A blank one renders the template that the script fills."""

    seq: int = 0
    rev: int = 0
    cid: str = ""
    author: str = ""
    author_id: str = ""
    face: Image | None = None
    at: datetime | None = None
    body: str = ""
    html: SafeString = field(default_factory=lambda: mark_safe(""))
    own: bool = False
    staff: bool = False
    grouped: bool = False
    state: str = ""
    edited: bool = False
    seen: bool = False
    system: bool = False
    quote: Quote | None = None
    marks: tuple[ReactionCount, ...] = ()
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log: a new day, the start of unread messages, or a message."""

    day: date | None = None
    unread: int = 0
    message: LogMessage | None = None


def build_lines(
    messages: Sequence[Message],
    viewer: User | None,
    *,
    first_unread: int | None = None,
    unread: int = 0,
    seen_seq: int = 0,
    cards: Mapping[tuple[str, str], Card] | None = None,
) -> Iterator[LogLine]:
    """Yield the lines for messages that are loaded by `with_related()`, oldest first.

    A line before the message `first_unread` gives the number of `unread` messages (None: no line). `seen_seq` is the
    last message that another member has read.
    """
    last_seen = max((m.seq for m in messages if _is_own(m, viewer) and m.seq <= seen_seq), default=0)
    before: Message | None = None
    for message in messages:
        is_new_day = before is None or _get_day(before) != _get_day(message)
        if is_new_day:
            yield LogLine(day=_get_day(message))
        is_first_unread = message.seq == first_unread
        if is_first_unread and unread:
            yield LogLine(unread=unread)
        grouped = not is_new_day and not is_first_unread and before is not None and _is_grouped(before, message)
        yield LogLine(
            message=build_message(message, viewer, grouped=grouped, seen=message.seq == last_seen, cards=cards or {})
        )
        before = message


def build_message(
    message: Message,
    viewer: User | None,
    *,
    grouped: bool = False,
    seen: bool = False,
    cards: Mapping[tuple[str, str], Card] | None = None,
) -> LogMessage:
    """Return a message as the template renders it. No query if it is loaded by `with_related()`."""
    pairs = [(kind, public_id) for kind, public_id in message.cards]
    return LogMessage(
        seq=message.seq,
        rev=message.rev,
        cid=str(message.client_id),
        author=message.author.display_name if message.author else "",
        author_id=str(message.author.uid) if message.author else "",
        face=message.author.avatar.face if message.author and message.author.avatar else None,
        at=message.created_at,
        body=message.body,
        html=mark_safe(message.html),
        own=_is_own(message, viewer),
        staff=message.author is not None and message.author.is_staff,
        grouped=grouped,
        state="deleted" if message.deleted_at else "",
        edited=message.edited_at is not None and message.deleted_at is None,
        seen=seen,
        system=message.kind == Message.Kind.SYSTEM,
        quote=_build_quote(message.reply_to),
        marks=tuple(_count_reactions(message, viewer)),
        cards=tuple(cards[pair] for pair in pairs if pair in cards) if cards else (),
    )


def build_quote(message: Message) -> Quote:
    return Quote(message.seq, message.author.display_name if message.author else "", message.body[:SNIPPET_LENGTH])


def _build_quote(message: Message | None) -> Quote | None:
    return None if message is None else build_quote(message)


def _count_reactions(message: Message, viewer: User | None) -> Iterator[ReactionCount]:
    people: dict[str, list[UUID]] = {}
    for reaction in message.reactions.all():
        people.setdefault(reaction.emoji, []).append(reaction.user.uid)
    for emoji, uids in people.items():
        yield ReactionCount(emoji, len(uids), viewer is not None and viewer.uid in uids)


def _is_own(message: Message, viewer: User | None) -> bool:
    return viewer is not None and message.author_id == viewer.pk


def _get_day(message: Message) -> date:
    return timezone.localtime(message.created_at).date()


def _is_grouped(before: Message, message: Message) -> bool:
    """Return whether a message continues the previous one: same author, within five minutes, not a reply."""
    same: Any = message.author_id is not None and message.author_id == before.author_id and message.reply_to is None
    return bool(same) and message.created_at - before.created_at < GROUPING_INTERVAL
