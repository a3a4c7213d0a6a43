"""Send messages. A message is acknowledged after the commit and exists once, however often it is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.delivery import bus, protocol
from chat.messages import rendering, wire
from chat.messages.models import Message, Reaction
from chat.rooms import queries as room_queries
from chat.rooms.models import Membership, Room
from chat.rooms.queries import Access
from core.composition import cards as core_cards
from core.composition import cross_references
from core.constraints import violated_constraint
from core.context import Actor, Grant
from core.errors import Conflict, Invalid, NotFound
from core.ids import uuid7
from core.validation.text import has_visible_text

# Called in the transaction of every new message.
after_posting: list[Callable[[Access, datetime], None]] = []


class EmptyMessage(Invalid):
    code = "empty_message"
    message = _("Write something first.")


class MessageTooLong(Invalid):
    code = "message_too_long"
    message = _("A message can have at most %(longest)d characters.")


class TooManyCards(Invalid):
    code = "too_many_cards"
    message = _("A message can have at most %(most)d cards.")


class ReplyNotFound(Invalid):
    code = "unknown_reply"
    message = _("The message you are replying to is not in this room.")


class CardNotFound(Invalid):
    code = "unknown_card"
    message = _("There is no %(kind)s “%(id)s” that you can share.")


class ClientIdReused(Conflict):
    code = "client_id_reused"
    message = _("This client_id was used for another message.")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of the current transaction. `duplicate` when it had been sent before."""

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
) -> SentMessage:
    """Send a message to a room. The same `client_id` again returns the first message.

    Three statements: access, the message and, in support, the turn. Locks the room last. Writing joins a public room.
    Raises NotFound, NotAMember, RoomArchived, EmptyMessage, MessageTooLong, TooManyCards, ReplyNotFound, CardNotFound,
    ClientIdReused. An agent who answers an unassigned case is assigned to it. Records conversation.assigned then, and
    conversation.reopened when a closed conversation continues. Publishes at the commit.
    """
    draft = _Draft(clean_body(body, cards), client_id, tuple(cards), reply_to, now or timezone.now())
    try:
        with transaction.atomic():
            return _send(room_uid, draft, by)
    except IntegrityError as failure:
        # A concurrent duplicate was committed before our insert. The rollback leaves no gap in the numbers.
        if violated_constraint(failure) != "message_sent_once":
            raise
        with transaction.atomic():
            return _send(room_uid, draft, by)


@transaction.atomic
def send_system_message(*, room: Room, body: str, client_id: UUID, now: datetime | None = None) -> Message:
    """Send a message from the system. No effect if `client_id` was used before. Locks the room."""
    draft = _Draft(clean_body(body, ()), client_id, (), None, now or timezone.now())
    message_id, message = _insert(room, draft, None)
    return message or Message.objects.get(pk=message_id)


@dataclass(frozen=True, slots=True)
class _Draft:
    body: str
    client_id: UUID
    cards: tuple[protocol.Card, ...]
    reply_to: int | None
    now: datetime


def clean_body(body: str, cards: Sequence[object]) -> str:
    """Return the text to store. Raises EmptyMessage, MessageTooLong, TooManyCards."""
    words = body.replace("\r\n", "\n").replace("\0", "").strip()
    if len(words) > protocol.MAX_BODY_LENGTH:
        raise MessageTooLong(field="body", longest=protocol.MAX_BODY_LENGTH)
    if len(cards) > protocol.MAX_CARDS:
        raise TooManyCards(field="cards", most=protocol.MAX_CARDS)
    if not has_visible_text(words):
        if not cards:
            raise EmptyMessage(field="body")
        words = ""
    return words


def _send(room_uid: UUID, draft: _Draft, by: Actor) -> SentMessage:
    access = room_queries.get_access(room_uid, by)
    if refusal := access.write_denial:
        raise refusal
    _require_visible_cards(draft, by)
    message_id, message = _insert(access.room, draft, access)
    if message is None:
        return SentMessage(_is_duplicate(message_id, access.room, draft), duplicate=True)
    if draft.reply_to and message.reply_to is None:
        raise ReplyNotFound(field="reply_to")
    if draft.cards:
        cross_references.replace((Message.public_kind, message.public_id), draft.cards)
    for after in after_posting:
        after(access, draft.now)
    return SentMessage(message, duplicate=False)


def _require_visible_cards(draft: _Draft, by: Actor) -> None:
    """Check that the author can see the cards; one query per kind. Skipped for a message that is sent again. Raises
    CardNotFound.
    """
    if not draft.cards or by.user is None:
        return
    visible = core_cards.resolve(draft.cards, Grant.session(by.user))
    unknown = next((index for index, card in enumerate(draft.cards) if card not in visible), None)
    if unknown is not None and not Message.objects.filter(author=by.user, client_id=draft.client_id).exists():
        kind, public_id = draft.cards[unknown]
        raise CardNotFound(field="cards", pointer=f"/cards/{unknown}", kind=kind, id=public_id)


# The room's counters, the message and the sender's read mark in one statement. The update locks the room's row until
# the commit. A concurrent duplicate that waits for the lock has not seen the first one in `dup`, so it violates the
# unique index and is rolled back.
_INSERT_SQL = """
WITH dup AS (SELECT id FROM chat_message WHERE {dup}),
room AS (
    UPDATE chat_room SET last_seq = last_seq + 1, last_rev = last_rev + 1, last_message_at = %(now)s
    WHERE id = %(room)s AND NOT EXISTS (SELECT 1 FROM dup)
    RETURNING last_seq, last_rev
),
message AS (
    INSERT INTO chat_message
        (uid, room_id, seq, rev, author_id, kind, client_id, body, html, render_version, cards, created_at,
            reply_to_id)
    SELECT %(uid)s, %(room)s, last_seq, last_rev, %(author)s, %(kind)s, %(client_id)s, %(body)s, %(html)s,
        %(render_version)s, %(cards)s::jsonb, %(now)s,
        (SELECT id FROM chat_message WHERE room_id = %(room)s AND seq = %(reply_to)s)
    FROM room
    RETURNING id, seq, rev, reply_to_id
){member}
SELECT id, seq, rev, reply_to_id FROM message UNION ALL SELECT id, NULL, NULL, NULL FROM dup
"""
_MEMBER_SQL = """,
member AS (
    INSERT INTO chat_membership (room_id, user_id, role, last_read_seq, joined_seq, joined_at, muted)
    SELECT %(room)s, %(author)s, %(role)s, last_seq, last_seq - 1, %(now)s, false FROM room
    ON CONFLICT (user_id, room_id) DO UPDATE SET
        last_read_seq = GREATEST(chat_membership.last_read_seq, EXCLUDED.last_read_seq),
        left_at = CASE WHEN %(joins)s THEN NULL ELSE chat_membership.left_at END
)"""
_INSERT_BY_PERSON = _INSERT_SQL.format(dup="author_id = %(author)s AND client_id = %(client_id)s", member=_MEMBER_SQL)
_INSERT_BY_SYSTEM = _INSERT_SQL.format(dup="kind = 'system' AND client_id = %(client_id)s", member="")


def _insert(room: Room, draft: _Draft, access: Access | None) -> tuple[int, Message | None]:
    """Insert the message in one statement. Returns its id, and None in place of the message if it existed."""
    author = access.actor.user if access else None
    message = Message(
        uid=uuid7(),
        room=room,
        author=author,
        kind=Message.Kind.TEXT if author else Message.Kind.SYSTEM,
        client_id=draft.client_id,
        body=draft.body,
        html=rendering.render(draft.body),
        render_version=rendering.VERSION,
        cards=[list(card) for card in draft.cards],
        created_at=draft.now,
    )
    values = {
        **{name: getattr(message, name) for name in ("uid", "kind", "client_id", "body", "html", "render_version")},
        "room": room.pk,
        "author": author.pk if author else None,
        "reply_to": draft.reply_to,
        "now": draft.now,
        "cards": Message._meta.get_field("cards").get_db_prep_value(message.cards, connection),  # noqa: SLF001
        "role": Membership.Role.AGENT if access and access.is_agent else Membership.Role.MEMBER,
        "joins": room.kind in (Room.Kind.PUBLIC, Room.Kind.SUPPORT),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_BY_PERSON if author else _INSERT_BY_SYSTEM, values)
        row = cursor.fetchone()
    if row is None:
        raise NotFound  # the room was deleted meanwhile
    if row[1] is None:
        return row[0], None
    message.pk, message.seq, message.rev = row[:3]
    message._state.adding = False  # noqa: SLF001  it is in the database
    message.reply_to = Message(pk=row[3], seq=draft.reply_to or 0) if row[3] else None
    message._prefetched_objects_cache = {"reactions": Reaction.objects.none()}  # type: ignore[attr-defined]  # noqa: SLF001
    publish_message(message, new=True)
    return row[0], message


def _is_duplicate(message_id: int, room: Room, draft: _Draft) -> Message:
    """Return whether the stored message equals the one being sent. An edited message cannot be compared and counts as
    equal.
    """
    message = Message.objects.with_related().get(pk=message_id)
    changed = message.edited_at is not None or message.deleted_at is not None
    if message.room_id != room.pk or not (changed or message.body == draft.body):
        raise ClientIdReused(field="client_id")
    return message


def publish_message(message: Message, *, new: bool) -> None:
    """Publish the message to all followers after the commit. Expects a message loaded by `with_related()` with its
    room.
    """
    frame = protocol.change(message.room.uid, wire.serialize_message(message), new=new)
    transaction.on_commit(partial(bus.publish_change, message.room_id, message.rev, frame), robust=True)
