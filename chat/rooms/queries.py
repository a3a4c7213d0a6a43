"""Rooms, and what an actor can do in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Subquery
from django.utils.translation import gettext_lazy as _

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.users.models import User
from chat.rooms.models import Membership, Room, RoomQuerySet, can_answer_support
from core import context
from core.context import Actor
from core.errors import Conflict, Denied, DomainError, NotFound

MAX_ROSTER_SIZE = 200
MAX_WATCHED_ROOMS = 500


class RoomArchived(Conflict):
    code = "room_archived"
    message = _("This room is closed for new messages.")


class NotAMember(Denied):
    code = "not_a_member"
    message = _("You are not a member of this room.")


@dataclass(frozen=True, slots=True)
class Access:
    """A room and what one actor can do in it."""

    room: Room
    actor: Actor
    role: str | None
    read_seq: int
    muted: bool
    is_agent: bool
    ban_id: int | None = None

    @property
    def can_write(self) -> bool:
        return self.write_denial is None

    @property
    def write_denial(self) -> DomainError | None:
        """The error that writing here would raise, or None. One query for banned users."""
        if self.room.archived_at is not None:
            return RoomArchived()
        if self.actor.user is None:
            return NotAMember()
        if self.ban_id is not None:
            return bans.get_ban_error(Ban.objects.get(pk=self.ban_id))
        joins_by_writing = self.room.kind == Room.Kind.PUBLIC or (self.room.kind == Room.Kind.SUPPORT and self.is_agent)
        return None if self.role or joins_by_writing else NotAMember()

    @property
    def can_moderate(self) -> bool:
        return self.role == Membership.Role.OWNER or self.actor.can("chat.moderate_room")

    def count_unread(self) -> int:
        """Count unread messages, without deleted ones. At most one query."""
        unread = self.room.last_seq - self.read_seq if self.role else 0
        if unread <= 0:
            return 0
        return unread - self.room.messages.removed().filter(seq__gt=self.read_seq).count()


def get_access(room_uid: UUID, by: Actor) -> Access:
    """Return the room with the actor's membership. One query. Raises NotFound for rooms the actor cannot see."""
    return _get_access(Room.objects.filter(uid=room_uid), by)


def get_public_access(slug: str, by: Actor) -> Access:
    """Return the access to a public room by its slug."""
    return _get_access(Room.objects.filter(slug=slug), by)


def _get_access(rooms: RoomQuerySet, by: Actor) -> Access:
    placed = rooms.accessible_by(by).with_membership_of(by.user).select_related("case", "customer")
    if by.user is not None:
        banned = bans.get_active_bans(by.user, Ban.Scope.CHAT, context.current().address or "")
        placed = placed.annotate(ban=Subquery(banned.values("pk")[:1]))
    room: Any = placed.first()
    if room is None:
        raise NotFound
    agent = (
        room.kind == Room.Kind.SUPPORT and room.customer_id != getattr(by.user, "pk", None) and can_answer_support(by)
    )
    return Access(room, by, room.my_role, room.my_read or 0, bool(room.my_muted), agent, getattr(room, "ban", None))


def get_heads(room_ids: Iterable[int]) -> dict[int, int]:
    """Return the latest revision of each room. One query."""
    return dict(Room.objects.filter(pk__in=list(room_ids)).values_list("pk", "last_rev"))


def get_joined_room_ids(by: Actor) -> list[int]:
    """Return a user's rooms, last active first, up to the size of a list. One query."""
    mine = Membership.objects.active().filter(user=by.user).order_by("-room__last_message_at")
    return list(mine.values_list("room_id", flat=True)[:MAX_WATCHED_ROOMS])


def get_public_room_about(kind: str, public_id: str) -> Room | None:
    return Room.objects.filter(kind=Room.Kind.PUBLIC).about(kind, public_id).first()


def get_roster(room: Room, but: User | None = None) -> list[Membership]:
    """Return the members of a room, up to `MAX_ROSTER_SIZE`. One query."""
    present = Membership.objects.active().filter(room=room).select_related("user__avatar")
    return list((present.exclude(user=but) if but else present).order_by("joined_at")[:MAX_ROSTER_SIZE])
