"""Messages of a room. `seq` is the position of a message and never changes; `rev` changes with every edit."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.delivery.protocol import MAX_BODY_LENGTH
from chat.rooms.models import Room
from core.ids import uuid7


class MessageQuerySet(models.QuerySet["Message"]):
    def with_related(self) -> Self:
        """Load everything a frame or page shows of a message. Two queries. A deleted message has no reactions."""
        marks = Prefetch("reactions", Reaction.objects.filter(message__deleted_at=None).select_related("user"))
        return self.select_related("author__avatar", "reply_to__author").prefetch_related(marks)

    def removed(self) -> Self:
        return self.filter(deleted_at__isnull=False)


class Message(models.Model):
    """A message. A deleted message keeps its position but loses its text.

    `client_id` is created by the sender and stored permanently, so a message that is sent again is recognised, however
    late.
    """

    public_kind: ClassVar[str] = "message"

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        SYSTEM = "system", _("system")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="messages", db_index=False, verbose_name=_("room"))
    seq = models.BigIntegerField(_("number"))
    rev = models.BigIntegerField(_("revision"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="messages",
        db_index=False,
        verbose_name=_("author"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    client_id = models.UUIDField(_("client ID"))
    body = models.CharField(_("text"), max_length=MAX_BODY_LENGTH, blank=True)
    html = models.TextField(_("HTML"), blank=True, editable=False)
    render_version = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    reply_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replies", verbose_name=_("in reply to")
    )
    cards = models.JSONField(_("cards"), default=list, blank=True, help_text=_("Pairs of kind and public ID."))
    created_at = models.DateTimeField(_("sent at"), default=timezone.now)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "seq"], name="message_place"),
            models.UniqueConstraint(fields=["room", "rev"], name="message_revision"),
            models.UniqueConstraint(fields=["author", "client_id"], name="message_sent_once"),
            models.UniqueConstraint(fields=["client_id"], condition=Q(kind="system"), name="message_told_once"),
            models.CheckConstraint(condition=Q(seq__gte=1, rev__gte=F("seq")), name="message_counters"),
            models.CheckConstraint(condition=Q(kind__in=["text", "system"]), name="message_kind"),
            models.CheckConstraint(condition=Q(kind="text") | Q(author__isnull=True), name="message_system_author"),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(body="", html="", cards=[]), name="message_tombstone_is_empty"
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=False) | ~Q(body="") | ~Q(cards=[]), name="message_says_something"
            ),
        ]
        indexes: ClassVar = [
            # Unread counts subtract the deleted messages after a read mark.
            models.Index(fields=["room", "seq"], condition=Q(deleted_at__isnull=False), name="message_removed"),
        ]

    def __str__(self) -> str:
        return f"{self.room_id} #{self.seq}"

    @property
    def public_id(self) -> str:
        return str(self.uid)


class MessageEdit(models.Model):
    """An earlier version of a changed or removed message, for moderators. Immutable."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="edits", verbose_name=_("message"))
    version = models.PositiveIntegerField(_("version"))
    body = models.CharField(_("text"), max_length=MAX_BODY_LENGTH, blank=True)
    cards = models.JSONField(_("cards"), default=list, db_default=[], blank=True)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("edited by")
    )
    at = models.DateTimeField(_("edited at"), default=timezone.now)

    class Meta:
        verbose_name = _("earlier version")
        verbose_name_plural = _("earlier versions")
        ordering: ClassVar = ["message", "version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "version"], name="message_edit_version"),
            models.CheckConstraint(condition=Q(version__gte=1), name="message_edit_number"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} v{self.version}"


class Reaction(models.Model):
    """A reaction of one user to a message."""

    message = models.ForeignKey(
        Message, models.CASCADE, related_name="reactions", db_index=False, verbose_name=_("message")
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reactions", verbose_name=_("user"))
    emoji = models.CharField(_("emoji"), max_length=16)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "user", "emoji"], name="reaction_once"),
        ]

    def __str__(self) -> str:
        return self.emoji
