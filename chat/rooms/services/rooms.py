"""Create, change, join and leave rooms, and mark them as read."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from chat.delivery import bus, protocol
from chat.rooms import queries as room_queries
from chat.rooms.models import Membership, Room
from chat.rooms.queries import NotAMember, RoomArchived
from core.constraints import violated_constraint
from core.context import Actor
from core.errors import Conflict, Denied, DomainError, Invalid
from core.events import services as events
from core.validation.text import has_visible_text


class SlugTaken(Conflict):
    code = "slug_taken"
    message = _("Another room uses this slug.")


class SubjectTaken(Conflict):
    code = "subject_taken"
    message = _("A public room about this already exists.")


class SlugNotPublic(Invalid):
    code = "slug_not_public"
    message = _("Only public rooms have a slug.")


class MissingTitle(Invalid):
    code = "untitled"
    message = _("Enter a title.")


class RoomNotJoinable(Denied):
    code = "not_open_to_join"
    message = _("You can only join this room by invitation.")


class DirectRoomWithSelf(Invalid):
    code = "talking_to_oneself"
    message = _("You cannot send messages to yourself.")


@transaction.atomic
def create_room(
    *,
    title: str,
    by: Actor,
    slug: str | None = None,
    kind: str = Room.Kind.PUBLIC,
    topic: str = "",
    about: tuple[str, str] | None = None,
    members: Iterable[User] = (),
    now: datetime | None = None,
) -> Room:
    """Create a public, private or group room, owned by its creator.

    Raises Denied without chat.add_room, MissingTitle, SlugTaken, SubjectTaken, SlugNotPublic. Records room.created.
    """
    by.require("chat.add_room")
    now = now or timezone.now()
    kind_about, id_about = about or ("", "")
    room = Room(
        kind=kind, slug=slug or None, title=_clean_title(title), topic=topic,
        subject_kind=kind_about, subject_id=id_about, created_at=now, last_message_at=now,
    )  # fmt: skip
    _save(room, force_insert=True)
    if by.user is not None:
        add_member(room, by.user, Membership.Role.OWNER, now)
    for member in members:
        add_member(room, member, Membership.Role.MEMBER, now)
    events.record("room.created", room, by=by, now=now, kind=kind)
    return room


@transaction.atomic
def change_room(*, room_uid: UUID, title: str, topic: str, slug: str | None, by: Actor) -> Room:
    """Change a room. Raises NotFound, Denied without chat.change_room, MissingTitle, SlugTaken, SlugNotPublic.

    Records room.changed.
    """
    room = room_queries.get_access(room_uid, by).room
    by.require("chat.change_room")
    room.title, room.topic, room.slug = _clean_title(title), topic, slug or None
    _save(room, update_fields=["title", "topic", "slug"])
    events.record("room.changed", room, by=by)
    return room


@transaction.atomic
def archive_room(*, room_uid: UUID, archived: bool, by: Actor, now: datetime | None = None) -> Room:
    """Close a room for new messages, or reopen it. Raises NotFound, Denied.

    Records room.archived, room.reopened.
    """
    room = room_queries.get_access(room_uid, by).room
    by.require("chat.change_room")
    if (room.archived_at is not None) != archived:
        room.archived_at = (now or timezone.now()) if archived else None
        room.save(update_fields=["archived_at"])
        events.record("room.archived" if archived else "room.reopened", room, by=by, now=now)
    return room


@transaction.atomic
def follow_subject(*, kind: str, old: str, new: str) -> None:
    """Update rooms whose subject has a new public id. An existing public room for the new id stays."""
    moved = Room.objects.about(kind, old)
    if Room.objects.about(kind, new).filter(kind=Room.Kind.PUBLIC).exists():
        moved = moved.exclude(kind=Room.Kind.PUBLIC)
    moved.update(subject_id=new)


@transaction.atomic
def open_public_about(*, about: tuple[str, str], title: str, by: Actor, now: datetime | None = None) -> Room:
    """Return the public room about a subject, such as a post. Created on first use.

    Raises NotAMember for anonymous users. Records room.created.
    """
    if by.user is None:
        raise NotAMember
    now = now or timezone.now()
    made = {"title": title, "created_at": now, "last_message_at": now}
    kind, public_id = about
    room, new = Room.objects.get_or_create(
        kind=Room.Kind.PUBLIC, subject_kind=kind, subject_id=public_id, defaults=made
    )
    if new:
        events.record("room.created", room, by=by, now=now, kind=room.kind)
    return room


@transaction.atomic
def open_direct(*, with_user: User, by: Actor, now: datetime | None = None) -> Room:
    """Return the direct room of two users. Created on first use. Raises NotAMember, DirectRoomWithSelf."""
    if by.user is None:
        raise NotAMember
    if with_user == by.user:
        raise DirectRoomWithSelf
    now = now or timezone.now()
    key = "+".join(sorted((by.user.uid.hex, with_user.uid.hex)))
    room, new = Room.objects.get_or_create(
        dm_key=key, defaults={"kind": Room.Kind.DIRECT, "created_at": now, "last_message_at": now}
    )
    if new:
        for user in (by.user, with_user):
            add_member(room, user, Membership.Role.MEMBER, now)
        events.record("room.created", room, by=by, now=now, kind=room.kind)
    return room


@transaction.atomic
def join_room(*, room_uid: UUID, by: Actor, now: datetime | None = None) -> Membership:
    """Join a public room, or rejoin it. Earlier messages count as read.

    Raises NotFound, NotAMember for anonymous users, RoomArchived, RoomNotJoinable.
    """
    access = room_queries.get_access(room_uid, by)
    if by.user is None:
        raise NotAMember
    if access.room.kind != Room.Kind.PUBLIC:
        raise RoomNotJoinable
    if access.room.archived_at is not None:
        raise RoomArchived
    return add_member(access.room, by.user, Membership.Role.MEMBER, now or timezone.now())


@transaction.atomic
def leave_room(*, room_uid: UUID, by: Actor, now: datetime | None = None) -> None:
    """Leave a room. No effect for non-members. Sockets stop following at the commit. Raises NotFound, NotAMember."""
    access = room_queries.get_access(room_uid, by)
    if by.user is None or access.role is None:
        raise NotAMember
    here = Membership.objects.active().filter(room=access.room, user=by.user)
    here.update(left_at=now or timezone.now())
    transaction.on_commit(partial(bus.publish_recheck, by.id), robust=True)


@transaction.atomic
def mute_room(*, room_uid: UUID, muted: bool, by: Actor) -> None:
    """Turn notifications of a room off or on. Raises NotFound, NotAMember."""
    access = room_queries.get_access(room_uid, by)
    if not Membership.objects.active().filter(room=access.room, user=by.user).update(muted=muted):
        raise NotAMember


@transaction.atomic
def mark_read(*, room_uid: UUID, seq: int, by: Actor) -> bool:
    """Advance the read mark, never backwards or beyond the last message. Returns whether it moved.

    One statement. No effect for non-members. Other members of a small room are notified.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK_READ_SQL, {"seq": seq, "room": room_uid, "user": by.user.pk if by.user else None})
        row = cursor.fetchone()
    if row is None:
        return False
    room_id, kind, read_seq = row
    mine = protocol.read(room_uid, read_seq)
    transaction.on_commit(partial(bus.publish_personal, by.id, mine), robust=True)
    if kind != Room.Kind.PUBLIC:
        frame = protocol.seen(room_uid, by.id, read_seq)
        transaction.on_commit(partial(bus.publish_ephemeral, room_id, frame), robust=True)
    return True


_MARK_READ_SQL = """
UPDATE chat_membership AS m SET last_read_seq = LEAST(%(seq)s, r.last_seq)
FROM chat_room AS r
WHERE r.id = m.room_id AND r.uid = %(room)s AND m.user_id = %(user)s AND m.left_at IS NULL
    AND m.last_read_seq < LEAST(%(seq)s, r.last_seq)
RETURNING r.id, r.kind, m.last_read_seq
"""


def _clean_title(title: str) -> str:
    """Return the title to store. Raises MissingTitle."""
    if not has_visible_text(title):
        raise MissingTitle(field="title")
    return title.strip()


def _save(room: Room, **how: Any) -> None:
    """Save a room. Raises SlugTaken, SubjectTaken, Invalid for constraint violations."""
    try:
        with transaction.atomic():
            room.save(**how)
    except IntegrityError as failure:
        refusal, field = _REFUSALS.get(violated_constraint(failure) or "", (None, ""))
        if refusal is None:
            raise
        raise refusal(field=field) from None


_REFUSALS: dict[str, tuple[type[DomainError], str]] = {
    "chat_room_slug_key": (SlugTaken, "slug"),
    "room_one_public_about": (SubjectTaken, "about"),
    "room_slug_is_public": (SlugNotPublic, "slug"),
}


def add_member(room: Room, user: User, role: str, now: datetime) -> Membership:
    """Return an active membership. An existing one keeps its role and read mark; an ended one resumes at the last
    message.
    """
    begun = {"role": role, "joined_seq": room.last_seq, "last_read_seq": room.last_seq, "joined_at": now}
    membership, new = Membership.objects.select_for_update(of=("self",), no_key=True).get_or_create(
        room=room, user=user, defaults=begun
    )
    if not new and membership.left_at is not None:
        membership.left_at, membership.joined_at = None, now
        membership.last_read_seq = max(membership.last_read_seq, room.last_seq)
        membership.save(update_fields=["left_at", "joined_at", "last_read_seq"])
        new = True
    if new:
        transaction.on_commit(partial(bus.publish_recheck, user.public_id), robust=True)
    return membership
