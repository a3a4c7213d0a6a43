"""Messages of a room."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from chat.messages import wire
from chat.messages.models import Message
from chat.rooms.models import Membership, Room, RoomQuerySet
from chat.rooms.queries import Access, get_access
from core.content.models import columns_of, face_of
from core.context import Actor, Grant
from core.errors import NotFound
from core.media.images import Image

BATCH_SIZE = 200


def get_message(room_uid: UUID, seq: int, by: Actor) -> tuple[Access, Message]:
    """Return a message and the access to its room. Three queries. Raises NotFound."""
    found = get_access(room_uid, by)
    message = Message.objects.with_related().filter(room=found.room, seq=seq).first()
    if message is None:
        raise NotFound
    return found, message


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed messages in order of revision. The client is at revision `head` afterwards."""

    messages: list[dict[str, Any]]
    head: int
    more: bool


def get_changes(room: Room, rev: int, limit: int = BATCH_SIZE) -> Changes:
    """Return the messages changed after `rev`. Two queries.

    `room` must be read first: everything up to its `last_rev` is visible to this query. Newer changes come from the
    same snapshot, so the highest revision found is complete as well.
    """
    found = list(Message.objects.with_related().filter(room=room, rev__gt=rev).order_by("rev")[: limit + 1])
    more = len(found) > limit
    shown = found[:limit]
    newest = shown[-1].rev if shown else 0
    return Changes(
        [wire.serialize_message(message) for message in shown], newest if more else max(room.last_rev, newest), more
    )


def get_message_page(room: Room, *, before: int | None = None, size: int = 50) -> list[Message]:
    """Return the last messages, or those before a number, oldest first. Two queries."""
    messages = Message.objects.with_related().filter(room=room)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    return list(messages.order_by("-seq")[:size])[::-1]


@dataclass(frozen=True, slots=True)
class MessageWindow:
    """A part of a log, oldest first, and where it continues on either side (None at the end)."""

    messages: list[Message]
    older: int | None
    newer: int | None


def build_window(room: Room, messages: list[Message]) -> MessageWindow:
    """Return the window of these messages. No query."""
    first, last = (messages[0].seq, messages[-1].seq) if messages else (1, room.last_seq)
    return MessageWindow(messages, first if first > 1 else None, last if last < room.last_seq else None)


def get_messages_after(room: Room, seq: int, *, size: int = 50) -> list[Message]:
    """Return the messages after a number, oldest first. Two queries."""
    return list(Message.objects.with_related().filter(room=room, seq__gt=seq).order_by("seq")[:size])


def get_first_unread(access: Access) -> int | None:
    """Return the number of the first message that the viewer has not read and that is not deleted. At most one
    query.
    """
    if access.role is None or access.read_seq >= access.room.last_seq:
        return None
    said = Message.objects.filter(room=access.room, seq__gt=access.read_seq, deleted_at__isnull=True)
    others = said.exclude(author=access.actor.user) | said.filter(author__isnull=True)
    return others.order_by("seq").values_list("seq", flat=True).first()


def count_unread(viewer: Grant) -> int:
    """Count unread messages in all rooms of the viewer that are not muted. One query."""
    waiting = annotate_unread(viewer).with_new_messages()
    return waiting.aggregate(total=Sum("unread"))["total"] or 0


def get_joined_rooms(viewer: Grant) -> QuerySet[Room]:
    """Return the viewer's rooms, last active first, with `unread`, `last_body` and the partner of a direct room. One
    query.
    """
    partner = Membership.objects.filter(room=OuterRef("pk"), room__kind=Room.Kind.DIRECT).exclude(
        user=viewer.user.pk if viewer.user else None
    )
    mine = (
        annotate_unread(viewer)
        .joined()
        .annotate(
            last_body=_last_body_subquery(),
            partner_name=Subquery(partner.values("user__name")[:1]),
            partner_email=Subquery(partner.values("user__email")[:1]),
            partner_face=Subquery(
                partner.filter(user__avatar__isnull=False).values(face=columns_of("user__avatar"))[:1]
            ),
        )
    )
    return mine.order_by("-last_message_at", "-pk")


def get_public_rooms(viewer: Grant) -> QuerySet[Room]:
    """Return open public rooms, last active first, with `unread` (None for non-members) and `last_body`."""
    rooms = annotate_unread(viewer).filter(kind=Room.Kind.PUBLIC, archived_at__isnull=True)
    return rooms.annotate(last_body=_last_body_subquery()).order_by("-last_message_at", "-pk")


def annotate_unread(viewer: Grant) -> RoomQuerySet:
    """Annotate rooms with the viewer's membership and `unread` (None for non-members). Subtracts deleted messages."""
    return Room.objects.with_membership_of(viewer.user).annotate(
        unread=F("last_seq") - F("my_read") - _removed_count_subquery("pk", "my_read")
    )


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room in a list."""

    uid: UUID
    name: str
    image: Image | None
    url: str
    last: str
    last_seq: int
    unread: int
    current: bool
    muted: bool


def build_room_lines(rooms: Iterable[Room], current: Room | None = None, *, current_uid: str = "") -> list[RoomLine]:
    """Return list lines for rooms of `get_joined_rooms` or `get_public_rooms`. No query."""
    current_uid = current.public_id if current else current_uid
    return [_build_room_line(room, current_uid) for room in rooms]


def _build_room_line(room: Any, current_uid: str) -> RoomLine:
    return RoomLine(
        uid=room.uid,
        name=get_room_name(room),
        image=face_of(**face) if (face := getattr(room, "partner_face", None)) else None,
        url=f"{room.get_absolute_url()}{'#unread' if room.unread else ''}",
        last=room.last_body or room.topic,
        last_seq=room.last_seq,
        unread=max(0, room.unread or 0),
        current=room.public_id == current_uid,
        muted=bool(room.my_muted),
    )


def get_room_name(room: Any) -> str:
    """Return the title, or the partner of a direct room, if `get_joined_rooms` loaded it."""
    partner = User(name=getattr(room, "partner_name", None) or "", email=getattr(room, "partner_email", None) or "")
    return room.title or partner.display_name or str(_("Direct messages"))


def _last_body_subquery() -> Subquery:
    """Select the text of the last message."""
    return Subquery(Message.objects.filter(room=OuterRef("pk"), seq=OuterRef("last_seq")).values("body"))


def _removed_count_subquery(room: str, read: str) -> Coalesce:
    """Count the deleted messages after a read mark. Uses the index of deleted messages."""
    removed = Message.objects.removed().filter(room=OuterRef(room), seq__gt=OuterRef(read)).order_by()
    return Coalesce(Subquery(removed.values("room").annotate(count=Count("pk")).values("count")), 0)
