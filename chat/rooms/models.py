"""Rooms and their members."""

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor, Grant
from core.ids import uuid7

if TYPE_CHECKING:
    from accounts.users.models import User


def can_answer_support(actor: Actor) -> bool:
    """Return whether an actor answers customers. No query for non-staff."""
    if actor.user is not None and not actor.user.is_staff:
        return False
    return actor.can("chat.answer_conversation")


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, viewer: Grant) -> Self:
        """Public rooms for everyone, others for their members, and support rooms for agents."""
        return self.accessible_by(viewer.actor)

    def accessible_by(self, actor: Actor) -> Self:
        if actor.kind == "system":
            return self
        if actor.user is None:
            return self.filter(kind=Room.Kind.PUBLIC)
        mine = Membership.objects.active().filter(room=OuterRef("pk"), user=actor.user)
        reach = Q(kind=Room.Kind.PUBLIC) | Exists(mine)
        return self.filter(reach | Q(kind=Room.Kind.SUPPORT) if can_answer_support(actor) else reach)

    def with_membership_of(self, user: "User | None") -> Self:
        """Annotate the user's membership: `my_role` (None for non-members), `my_read`, `my_muted`."""
        own = Q(memberships__user=user, memberships__left_at__isnull=True)
        return self.annotate(mine=FilteredRelation("memberships", condition=own)).annotate(
            my_role=F("mine__role"), my_read=F("mine__last_read_seq"), my_muted=F("mine__muted")
        )

    def joined(self) -> Self:
        """Rooms that the user of `with_membership_of` has joined."""
        return self.filter(my_role__isnull=False)

    def with_new_messages(self) -> Self:
        """Joined rooms with unread messages that are not muted."""
        return self.joined().filter(my_muted=False, last_seq__gt=F("my_read"))

    def about(self, kind: str, public_id: str) -> Self:
        return self.filter(subject_kind=kind, subject_id=public_id)


class Room(models.Model):
    """A room. `last_seq` counts messages without gaps; `last_rev` counts every change of any message.

    Both are incremented under the lock of this row, which is held until the commit: a reader of `last_rev` = n can read
    all changes up to n. The row is updated often, so its pages keep half their space for new versions (fillfactor 50).
    """

    public_kind: ClassVar[str] = "room"

    class Kind(models.TextChoices):
        PUBLIC = "public", _("public")
        PRIVATE = "private", _("private")
        DIRECT = "dm", _("direct")
        GROUP = "group", _("group")
        SUPPORT = "support", _("support")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    slug = models.SlugField(_("slug"), max_length=80, null=True, blank=True, unique=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    topic = models.CharField(_("topic"), max_length=300, blank=True)
    subject_kind = models.CharField(_("kind of subject"), max_length=40, blank=True)
    subject_id = models.CharField(_("subject"), max_length=80, blank=True)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="conversations",
        verbose_name=_("customer"),
    )
    dm_key = models.CharField(_("direct room key"), max_length=80, null=True, blank=True, unique=True, editable=False)
    last_seq = models.BigIntegerField(_("messages"), default=0, editable=False)
    last_rev = models.BigIntegerField(_("changes"), default=0, editable=False)
    last_message_at = models.DateTimeField(_("last message"), default=timezone.now, editable=False)
    created_at = models.DateTimeField(_("opened at"), default=timezone.now, editable=False)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering: ClassVar = ["-last_message_at", "-id"]
        permissions: ClassVar = [
            ("answer_conversation", _("Can answer customers")),
            ("moderate_room", _("Can delete messages of others")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["public", "private", "dm", "group", "support"]), name="room_kind"
            ),
            models.CheckConstraint(condition=Q(kind="public") | Q(slug__isnull=True), name="room_slug_is_public"),
            models.CheckConstraint(condition=Q(kind="support") | Q(customer__isnull=True), name="room_customer"),
            models.CheckConstraint(condition=Q(kind="dm") ^ Q(dm_key__isnull=True), name="room_dm_key"),
            models.CheckConstraint(condition=~(Q(subject_kind="") ^ Q(subject_id="")), name="room_subject_whole"),
            models.CheckConstraint(condition=Q(last_seq__gte=0, last_rev__gte=F("last_seq")), name="room_counters"),
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=Q(kind="public") & ~Q(subject_kind=""),
                name="room_one_public_about",
            ),
            models.UniqueConstraint(
                fields=["customer", "subject_kind", "subject_id"],
                condition=Q(kind="support") & ~Q(subject_kind=""),
                name="room_one_support_about",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_kind", "subject_id"], condition=~Q(subject_kind=""), name="room_subject"),
            models.Index(
                fields=["-last_message_at", "-id"],
                condition=Q(kind="public", archived_at__isnull=True),
                name="room_public_lively",
            ),
            # Used by the sweep for unread messages.
            models.Index(fields=["last_message_at"], condition=~Q(kind="public"), name="room_talk_recent"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.get_kind_display()} {self.uid}"

    def get_absolute_url(self) -> str:
        if self.slug:
            return reverse("chat:room", args=[self.slug])
        return reverse("chat:conversation", args=[self.uid])

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def subject(self) -> tuple[str, str] | None:
        """The subject of the room as a card reference."""
        return (self.subject_kind, self.subject_id) if self.subject_kind else None


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> Self:
        return self.filter(left_at__isnull=True)


class Membership(models.Model):
    """A membership in a room. The number of unread messages is `last_seq` of the room minus `last_read_seq`.

    `notified_seq` is the last message announced by email. While it is above `last_read_seq`, no other email is sent.
    """

    class Role(models.TextChoices):
        MEMBER = "member", _("member")
        AGENT = "agent", _("agent")
        OWNER = "owner", _("owner")

    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships", db_index=False, verbose_name=_("room"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="memberships",
        db_index=False,
        verbose_name=_("user"),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    last_read_seq = models.BigIntegerField(_("read up to"), default=0)
    notified_seq = models.BigIntegerField(_("emailed up to"), default=0, db_default=0, editable=False)
    joined_seq = models.BigIntegerField(_("joined after"), default=0)
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    muted = models.BooleanField(_("muted"), default=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "room"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=["member", "agent", "owner"]), name="membership_role"),
            models.CheckConstraint(condition=Q(last_read_seq__gte=0, joined_seq__gte=0), name="membership_marks"),
        ]
        indexes: ClassVar = [models.Index(fields=["room", "user"], name="membership_room")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"
