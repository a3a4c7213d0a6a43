"""Saying things, and changing what was said. A message is acknowledged once it is committed, and is there once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat import bus, protocol, queries, rendering, wire
from chat.models import Membership, Message, MessageEdit, Reaction, Room, SupportCase
from chat.queries import Access, NotAMember
from core import events, references
from core.context import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from core.ids import uuid7

Status = SupportCase.Status


class EmptyMessage(Invalid):
    code = "empty_message"
    message = _("Write something first.")


class MessageTooLong(Invalid):
    code = "message_too_long"
    message = _("A message has at most %(longest)d characters.")


class TooManyCards(Invalid):
    code = "too_many_cards"
    message = _("A message shows at most %(most)d cards.")


class ClientIdReused(Conflict):
    code = "client_id_reused"
    message = _("This client_id was used for another message.")


class NotYours(Denied):
    code = "not_your_message"
    message = _("Only its author may change a message.")


class MessageRemoved(Conflict):
    code = "message_removed"
    message = _("This message was removed.")


class UnknownReaction(Invalid):
    code = "unknown_reaction"
    message = _("This mark is not one of those offered.")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is committed once the caller's transaction is; `duplicate` when it had been sent before."""

    message: Message
    duplicate: bool


def send_message(
    *,
    room_uid: UUID,
    body: str,
    client_id: UUID,
    by: Actor,
    reply_to: int | None = None,
    cards: Sequence[protocol.Card] = (),
    now: datetime | None = None,
) -> Sent:
    """Say something in a room; the same `client_id` again gives the message of the first time.

    Three statements: access, everything about the message, and in support whose turn it is. Locks the room last.
    Writing joins a public room. Raises NotFound, NotAMember, RoomArchived, EmptyMessage, MessageTooLong, TooManyCards,
    ClientIdReused. Records conversation.reopened when a closed conversation goes on. Everyone hears at the commit.
    """
    draft = _Draft(_clean(body, cards), client_id, tuple(cards), reply_to, now or timezone.now())
    try:
        with transaction.atomic():
            return _send(room_uid, draft, by)
    except IntegrityError as failure:
        # A twin of this request was committed between our look and our insert. All is undone, so no number is lost.
        if _constraint(failure) != "message_sent_once":
            raise
        with transaction.atomic():
            return _send(room_uid, draft, by)


@transaction.atomic
def tell_room(*, room: Room, body: str, client_id: UUID, now: datetime | None = None) -> Message:
    """Let the system say something; the same `client_id` again says nothing new. Locks the room."""
    draft = _Draft(_clean(body, ()), client_id, (), None, now or timezone.now())
    message_id, message = _insert(room, draft, None)
    return message or Message.objects.get(pk=message_id)


@transaction.atomic
def edit_message(*, room_uid: UUID, seq: int, body: str, by: Actor, now: datetime | None = None) -> Message:
    """Change the words of one's own message; what it said is kept for those who look into reports.

    Locks the room. Raises NotFound, NotAMember, RoomArchived, NotYours, MessageRemoved, EmptyMessage, MessageTooLong.
    """
    now = now or timezone.now()
    _access, message, rev = _take(room_uid, seq, by)
    if message.author_id is None or message.author != by.user:
        raise NotYours
    if message.deleted_at is not None:
        raise MessageRemoved
    words = _clean(body, message.cards)
    if words == message.body:
        return _unchanged(message)
    _keep_version(message, by, now)
    message.body, message.html, message.edited_at, message.rev = words, rendering.render(words), now, rev
    message.save(update_fields=["body", "html", "edited_at", "rev"])
    return _publish_changed(message)


@transaction.atomic
def delete_message(*, room_uid: UUID, seq: int, by: Actor, now: datetime | None = None) -> Message:
    """Leave a tombstone. One's own message, or any for those who moderate; again is no change.

    Locks the room. Raises NotFound, NotYours. Records message.removed when it was somebody else's.
    """
    now = now or timezone.now()
    access, message, rev = _take(room_uid, seq, by, writes=False)
    own = message.author_id is not None and message.author == by.user
    if not own and not access.moderates:
        raise NotYours
    if message.deleted_at is not None:
        return _unchanged(message)
    _keep_version(message, by, now)
    message.body, message.html, message.cards, message.deleted_at, message.rev = "", "", [], now, rev
    message.save(update_fields=["body", "html", "cards", "deleted_at", "rev"])
    message.reactions.all().delete()
    references.replace((Message.public_kind, message.public_id), [])
    if not own:
        events.record("message.removed", message, by=by, now=now, room=access.room.public_id)
    return _publish_changed(message)


@transaction.atomic
def react(*, room_uid: UUID, seq: int, emoji: str, on: bool, by: Actor, now: datetime | None = None) -> Message:
    """Put a mark on a message, or take it back; again is no change.

    Locks the room. Raises NotFound, NotAMember, RoomArchived, MessageRemoved, UnknownReaction.
    """
    if emoji not in protocol.REACTIONS:
        raise UnknownReaction(field="emoji")
    _access, message, rev = _take(room_uid, seq, by)
    if message.deleted_at is not None:
        raise MessageRemoved
    mark = Reaction.objects.filter(message=message, user=by.user, emoji=emoji)
    if mark.exists() == on:
        return _unchanged(message)
    if on:
        Reaction.objects.create(message=message, user=by.user, emoji=emoji, at=now or timezone.now())
    else:
        mark.delete()
    message.rev = rev
    message.save(update_fields=["rev"])
    return _publish_changed(message)


@transaction.atomic
def report_message(*, room_uid: UUID, seq: int, reason: str, by: Actor, now: datetime | None = None) -> None:
    """Ask staff to look at a message. Raises NotFound, NotAMember for strangers. Records message.reported."""
    access, message = queries.access_message(room_uid, seq, by)
    if by.user is None:
        raise NotAMember
    events.record("message.reported", message, by=by, now=now, reason=reason, room=access.room.public_id)


@dataclass(frozen=True, slots=True)
class _Draft:
    body: str
    client_id: UUID
    cards: tuple[protocol.Card, ...]
    reply_to: int | None
    now: datetime


def _clean(body: str, cards: Sequence[object]) -> str:
    words = body.replace("\r\n", "\n").replace("\0", "").strip()
    if len(words) > protocol.LONGEST_BODY:
        raise MessageTooLong(field="body", longest=protocol.LONGEST_BODY)
    if len(cards) > protocol.MOST_CARDS:
        raise TooManyCards(field="cards", most=protocol.MOST_CARDS)
    if not words and not cards:
        raise EmptyMessage(field="body")
    return words


def _send(room_uid: UUID, draft: _Draft, by: Actor) -> Sent:
    access = queries.access(room_uid, by)
    if access.why_silent:
        raise access.why_silent
    message_id, message = _insert(access.room, draft, access)
    if message is None:
        return Sent(_same(message_id, access.room, draft), duplicate=True)
    if draft.cards:
        references.replace((Message.public_kind, message.public_id), draft.cards)
    if access.room.kind == Room.Kind.SUPPORT:
        _pass_turn(access, draft.now)
    return Sent(message, duplicate=False)


# The room's counters, the message and the sender's read mark in one statement. The room's row is locked by its update
# and held to the commit only. A twin that waits for that lock has not seen the first in `dup`, so it runs into the
# unique index and is undone whole.
_STATEMENT = """
WITH dup AS (SELECT id FROM chat_message WHERE {dup}),
room AS (
    UPDATE chat_room SET last_seq = last_seq + 1, last_rev = last_rev + 1, last_message_at = %(now)s
    WHERE id = %(room)s AND NOT EXISTS (SELECT 1 FROM dup)
    RETURNING last_seq, last_rev
),
message AS (
    INSERT INTO chat_message (uid, room_id, seq, rev, author_id, kind, client_id, body, html, cards, created_at, reply_to_id)
    SELECT %(uid)s, %(room)s, last_seq, last_rev, %(author)s, %(kind)s, %(client_id)s, %(body)s, %(html)s,
        %(cards)s::jsonb, %(now)s, (SELECT id FROM chat_message WHERE room_id = %(room)s AND seq = %(reply_to)s)
    FROM room
    RETURNING id, seq, rev, reply_to_id
){member}
SELECT id, seq, rev, reply_to_id FROM message UNION ALL SELECT id, NULL, NULL, NULL FROM dup
"""
_MEMBER = """,
member AS (
    INSERT INTO chat_membership (room_id, user_id, role, last_read_seq, joined_seq, joined_at, muted)
    SELECT %(room)s, %(author)s, %(role)s, last_seq, last_seq - 1, %(now)s, false FROM room
    ON CONFLICT (user_id, room_id) DO UPDATE SET
        last_read_seq = GREATEST(chat_membership.last_read_seq, EXCLUDED.last_read_seq),
        left_at = CASE WHEN %(joins)s THEN NULL ELSE chat_membership.left_at END
)"""
_BY_PERSON = _STATEMENT.format(dup="author_id = %(author)s AND client_id = %(client_id)s", member=_MEMBER)
_BY_SYSTEM = _STATEMENT.format(dup="kind = 'system' AND client_id = %(client_id)s", member="")


def _insert(room: Room, draft: _Draft, access: Access | None) -> tuple[int, Message | None]:
    """The id of the message, and the message itself unless it had been there before. One statement."""
    author = access.actor.user if access else None
    message = Message(
        uid=uuid7(),
        room=room,
        author=author,
        kind=Message.Kind.TEXT if author else Message.Kind.SYSTEM,
        client_id=draft.client_id,
        body=draft.body,
        html=rendering.render(draft.body),
        cards=[list(card) for card in draft.cards],
        created_at=draft.now,
    )
    values = {
        **{name: getattr(message, name) for name in ("uid", "kind", "client_id", "body", "html")},
        **{"room": room.pk, "author": author.pk if author else None, "reply_to": draft.reply_to, "now": draft.now},
        "cards": Message._meta.get_field("cards").get_db_prep_value(message.cards, connection),  # noqa: SLF001
        "role": Membership.Role.AGENT if access and access.agent else Membership.Role.MEMBER,
        "joins": room.kind in (Room.Kind.PUBLIC, Room.Kind.SUPPORT),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_PERSON if author else _BY_SYSTEM, values)
        row = cursor.fetchone()
    if row is None:
        raise NotFound  # the room was deleted meanwhile
    if row[1] is None:
        return row[0], None
    message.pk, message.seq, message.rev = row[:3]
    message._state.adding = False  # noqa: SLF001  it is in the database
    message.reply_to = Message(pk=row[3], seq=draft.reply_to) if row[3] else None
    message._prefetched_objects_cache = {"reactions": Reaction.objects.none()}  # type: ignore[attr-defined]  # noqa: SLF001
    _publish(message, new=True)
    return row[0], message


def _same(message_id: int, room: Room, draft: _Draft) -> Message:
    """The message of the first time. One that was changed since cannot be compared, and is taken for the same."""
    message = Message.objects.whole().get(pk=message_id)
    changed = message.edited_at is not None or message.deleted_at is not None
    if message.room_id != room.pk or not (changed or message.body == draft.body):
        raise ClientIdReused(field="client_id")
    return message


def _pass_turn(access: Access, now: datetime) -> None:
    """After a message in support: whose turn it is. One statement; two when a closed conversation goes on."""
    cases = SupportCase.objects.filter(room=access.room)
    if access.agent:
        first = Coalesce("first_reply_at", Value(now))
        cases.update(status=Status.WAITING, turn_at=now, closed_at=None, first_reply_at=first)
    else:
        since = Case(When(status=Status.OPEN, then="turn_at"), default=Value(now))
        cases.update(status=Status.OPEN, turn_at=since, closed_at=None)
    if access.room.case.status == Status.CLOSED:
        events.record("conversation.reopened", access.room, by=access.actor, now=now)


def _take(room_uid: UUID, seq: int, by: Actor, *, writes: bool = True) -> tuple[Access, Message, int]:
    """The room's next revision, which locks the room, and then the message as it is under that lock."""
    access = queries.access(room_uid, by)
    if by.user is None and by.kind != "system":
        raise NotAMember
    if writes and access.why_silent:
        raise access.why_silent
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_room SET last_rev = last_rev + 1 WHERE id = %s RETURNING last_rev", [access.room.pk])
        (rev,) = cursor.fetchone()
    message = Message.objects.select_related("author").filter(room=access.room, seq=seq).first()
    if message is None:
        raise NotFound
    return access, message, rev


def _unchanged(message: Message) -> Message:
    """Give the revision back: nobody needs to hear."""
    transaction.set_rollback(True)
    return message


def _keep_version(message: Message, by: Actor, now: datetime) -> None:
    version = MessageEdit.objects.filter(message=message).count() + 1
    MessageEdit.objects.create(message=message, version=version, body=message.body, editor=by.user, at=now)


def _publish_changed(message: Message) -> Message:
    """Read the message under the lock, so what is published is exactly its state at this revision."""
    message = Message.objects.whole().select_related("room").get(pk=message.pk)
    _publish(message, new=False)
    return message


def _publish(message: Message, *, new: bool) -> None:
    frame = protocol.change(message.room.uid, wire.message_data(message), new=new)
    transaction.on_commit(partial(bus.publish_change, message.room_id, message.rev, frame), robust=True)


def _constraint(failure: IntegrityError) -> str | None:
    diagnosis = getattr(failure.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
