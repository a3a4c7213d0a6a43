"""What is read of rooms and messages. `access` and `access_message` are the only doors to a room by its public id."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.users.models import User
from chat import wire
from chat.models import Membership, Message, Room, SupportCase, answers
from chat.models.room import RoomQuerySet
from core import context
from core.content.models import columns_of, face_of
from core.context import Actor, Grant
from core.errors import Conflict, Denied, DomainError, NotFound
from core.media.images import Image

BATCH = 200
LARGEST_ROSTER = 200
MOST_WATCHED = 500


class RoomArchived(Conflict):
    code = "room_archived"
    message = _("This room is closed for new messages.")


class NotAMember(Denied):
    code = "not_a_member"
    message = _("You are not in this room.")


@dataclass(frozen=True, slots=True)
class Access:
    """A room as one viewer meets it."""

    room: Room
    actor: Actor
    role: str | None
    read_seq: int
    muted: bool
    agent: bool
    ban_id: int | None = None

    @property
    def writes(self) -> bool:
        return self.why_silent is None

    @property
    def why_silent(self) -> DomainError | None:
        """The refusal that writing here would meet. One query for who is banned."""
        if self.room.archived_at is not None:
            return RoomArchived()
        if self.actor.user is None:
            return NotAMember()
        if self.ban_id is not None:
            return bans.refusal(Ban.objects.get(pk=self.ban_id))
        joins_by_writing = self.room.kind == Room.Kind.PUBLIC or (self.room.kind == Room.Kind.SUPPORT and self.agent)
        return None if self.role or joins_by_writing else NotAMember()

    @property
    def moderates(self) -> bool:
        return self.role == Membership.Role.OWNER or self.actor.can("chat.moderate_room")

    def count_unread(self) -> int:
        """How many messages the viewer has not read, without removed ones. At most one query."""
        unread = self.room.last_seq - self.read_seq if self.role else 0
        if unread <= 0:
            return 0
        return unread - Message.objects.removed().filter(room=self.room, seq__gt=self.read_seq).count()


def access(room_uid: UUID, by: Actor) -> Access:
    """The room and the actor's place in it. One query. Raises NotFound for what the actor may not see."""
    return _access(Room.objects.filter(uid=room_uid), by)


def access_public(slug: str, by: Actor) -> Access:
    """The same by the slug of a public room."""
    return _access(Room.objects.filter(slug=slug), by)


def access_message(room_uid: UUID, seq: int, by: Actor) -> tuple[Access, Message]:
    """A message and its room; three queries. Raises NotFound."""
    found = access(room_uid, by)
    message = Message.objects.whole().filter(room=found.room, seq=seq).first()
    if message is None:
        raise NotFound
    return found, message


def _access(rooms: RoomQuerySet, by: Actor) -> Access:
    placed = rooms.reached_by(by).with_place_of(by.user).select_related("case", "customer")
    if by.user is not None:
        banned = bans.running_for(by.user, Ban.Scope.CHAT, context.current().address or "")
        placed = placed.annotate(ban=Subquery(banned.values("pk")[:1]))
    room: Any = placed.first()
    if room is None:
        raise NotFound
    agent = room.kind == Room.Kind.SUPPORT and room.customer_id != getattr(by.user, "pk", None) and answers(by)
    return Access(room, by, room.my_role, room.my_read or 0, bool(room.my_muted), agent, getattr(room, "ban", None))


@dataclass(frozen=True, slots=True)
class Changes:
    """What a client lacks: messages in the order of their last change. It knows the room at `head` afterwards."""

    messages: list[dict[str, Any]]
    head: int
    more: bool


def changes_after(room: Room, rev: int, limit: int = BATCH) -> Changes:
    """What changed after `rev`; two queries.

    `room` must have been read before: its `last_rev` is then a revision that everything read here includes. Whatever
    is newer than it came in the same snapshot, so the newest revision found is complete too.
    """
    found = list(Message.objects.whole().filter(room=room, rev__gt=rev).order_by("rev")[: limit + 1])
    more = len(found) > limit
    shown = found[:limit]
    newest = shown[-1].rev if shown else 0
    return Changes(
        [wire.message_data(message) for message in shown], newest if more else max(room.last_rev, newest), more
    )


def heads(room_ids: Iterable[int]) -> dict[int, int]:
    """The newest revision of many rooms; one query."""
    return dict(Room.objects.filter(pk__in=list(room_ids)).values_list("pk", "last_rev"))


def joined_room_ids(by: Actor) -> list[int]:
    """The rooms a person is in, the liveliest first, as many as a list can hold; one query."""
    mine = Membership.objects.present().filter(user=by.user).order_by("-room__last_message_at")
    return list(mine.values_list("room_id", flat=True)[:MOST_WATCHED])


def page_of_messages(room: Room, *, before: int | None = None, size: int = 50) -> list[Message]:
    """The last messages, or those before a number, oldest first; two queries."""
    messages = Message.objects.whole().filter(room=room)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    return list(messages.order_by("-seq")[:size])[::-1]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a log, oldest first, and the numbers from which it goes on to either side (None: it ends there)."""

    messages: list[Message]
    older: int | None
    newer: int | None


def window(room: Room, messages: list[Message]) -> Window:
    """No query."""
    first, last = (messages[0].seq, messages[-1].seq) if messages else (1, room.last_seq)
    return Window(messages, first if first > 1 else None, last if last < room.last_seq else None)


def messages_after(room: Room, seq: int, *, size: int = 50) -> list[Message]:
    """The messages beyond a number, oldest first; two queries."""
    return list(Message.objects.whole().filter(room=room, seq__gt=seq).order_by("seq")[:size])


def first_unread(access: Access) -> int | None:
    """The number of the first message that the viewer has not read and that is still there. At most one query."""
    if access.role is None or access.read_seq >= access.room.last_seq:
        return None
    said = Message.objects.filter(room=access.room, seq__gt=access.read_seq, deleted_at__isnull=True)
    others = said.exclude(author=access.actor.user) | said.filter(author__isnull=True)
    return others.order_by("seq").values_list("seq", flat=True).first()


def count_unread(viewer: Grant) -> int:
    """How many messages wait for the viewer in rooms that are not muted; one query."""
    waiting = with_unread(viewer).waiting()
    return waiting.aggregate(total=Sum("unread"))["total"] or 0


def my_rooms(viewer: Grant) -> QuerySet[Room]:
    """Rooms the viewer is in, liveliest first, with `unread`, `last_body`, and whom a direct one is with; one query."""
    partner = Membership.objects.filter(room=OuterRef("pk"), room__kind=Room.Kind.DIRECT).exclude(
        user=viewer.user.pk if viewer.user else None
    )
    mine = (
        with_unread(viewer)
        .joined()
        .annotate(
            last_body=_last_body(),
            partner_name=Subquery(partner.values("user__name")[:1]),
            partner_email=Subquery(partner.values("user__email")[:1]),
            partner_face=Subquery(
                partner.filter(user__avatar__isnull=False).values(face=columns_of("user__avatar"))[:1]
            ),
        )
    )
    return mine.order_by("-last_message_at", "-pk")


def public_rooms(viewer: Grant) -> QuerySet[Room]:
    """Public rooms that are open, liveliest first, each with `unread` (None outside) and `last_body`."""
    rooms = with_unread(viewer).filter(kind=Room.Kind.PUBLIC, archived_at__isnull=True)
    return rooms.annotate(last_body=_last_body()).order_by("-last_message_at", "-pk")


def with_unread(viewer: Grant) -> RoomQuerySet:
    """Rooms with the viewer's place and `unread`, None outside: arithmetic, less the removed messages among them."""
    return Room.objects.with_place_of(viewer.user).annotate(
        unread=F("last_seq") - F("my_read") - _removed_beyond("pk", "my_read")
    )


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room in a list, as its component draws it."""

    uid: UUID
    name: str
    image: Image | None
    url: str
    last: str
    last_seq: int
    unread: int
    current: bool
    muted: bool


def lines(rooms: Iterable[Room], current: Room | None = None, *, current_uid: str = "") -> list[RoomLine]:
    """Rooms of `my_rooms` or `public_rooms`, as lines; no query."""
    current_uid = current.public_id if current else current_uid
    return [_line(room, current_uid) for room in rooms]


def _line(room: Any, current_uid: str) -> RoomLine:
    return RoomLine(
        uid=room.uid,
        name=name_of(room),
        image=face_of(**face) if (face := getattr(room, "partner_face", None)) else None,
        url=f"{room.get_absolute_url()}{'#unread' if room.unread else ''}",
        last=room.last_body or room.topic,
        last_seq=room.last_seq,
        unread=max(0, room.unread or 0),
        current=room.public_id == current_uid,
        muted=bool(room.my_muted),
    )


def name_of(room: Any) -> str:
    """The title; of a direct room the other person, where `my_rooms` found them."""
    partner = User(name=getattr(room, "partner_name", None) or "", email=getattr(room, "partner_email", None) or "")
    return room.title or partner.display_name or str(_("Direct messages"))


def support_about(kind: str, public_id: str, viewer: Grant) -> Room | None:
    """The conversation about a thing that the viewer may see: their own before those of others; one query."""
    rooms = Room.objects.filter(kind=Room.Kind.SUPPORT).about(kind, public_id).visible_to(viewer)
    own = Case(When(customer=viewer.user, then=0), default=1)
    return rooms.select_related("case", "customer").order_by(own, "-pk").first()


def public_about(kind: str, public_id: str) -> Room | None:
    return Room.objects.filter(kind=Room.Kind.PUBLIC).about(kind, public_id).first()


def roster(room: Room, but: User | None = None) -> list[Membership]:
    """Who is in a room, up to the largest roster that is shown; one query."""
    present = Membership.objects.present().filter(room=room).select_related("user__avatar")
    return list((present.exclude(user=but) if but else present).order_by("joined_at")[:LARGEST_ROSTER])


def desk(tab: str, viewer: Grant) -> QuerySet[SupportCase]:
    """The queue: "open", "mine", "waiting" or "closed"; whoever waits longest first, the closed ones newest first."""
    mine = Membership.objects.present().filter(room=OuterRef("room"), user=viewer.user)
    placed = SupportCase.objects.for_desk().annotate(my_read=Subquery(mine.values("last_read_seq")[:1]))
    cases = placed.annotate(unread=F("room__last_seq") - F("my_read") - _removed_beyond("room", "my_read"))
    if tab == "mine":
        return cases.unsettled().filter(assignee=viewer.user)
    return cases.filter(status=tab)


def desk_counts(viewer: Grant) -> dict[str, int]:
    """How many cases each tab of the desk holds; one query."""
    unsettled = SupportCase.objects.unsettled()
    return unsettled.aggregate(
        open=Count("pk", filter=Q(status=SupportCase.Status.OPEN)),
        waiting=Count("pk", filter=Q(status=SupportCase.Status.WAITING)),
        mine=Count("pk", filter=Q(assignee=viewer.user)),
    )


def agents() -> QuerySet[User]:
    """Who may be given a case."""
    may = Q(is_superuser=True) | Q(groups__permissions__codename="answer_conversation")
    return User.objects.filter(may, is_active=True, is_staff=True).distinct().order_by("name", "email")


def _last_body() -> Subquery:
    """The last message of each room, by its unique place."""
    return Subquery(Message.objects.filter(room=OuterRef("pk"), seq=OuterRef("last_seq")).values("body"))


def _removed_beyond(room: str, read: str) -> Coalesce:
    """How many messages of a room beyond a read mark are tombstones; the index of removed messages answers it."""
    removed = Message.objects.removed().filter(room=OuterRef(room), seq__gt=OuterRef(read)).order_by()
    return Coalesce(Subquery(removed.values("room").annotate(count=Count("pk")).values("count")), 0)


def oldest_open_turn() -> datetime | None:
    """Since when the customer waits who has waited longest; one query."""
    open_cases = SupportCase.objects.filter(status=SupportCase.Status.OPEN)
    return open_cases.order_by("turn_at").values_list("turn_at", flat=True).first()
