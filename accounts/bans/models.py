"""Bans of people, addresses and networks."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7

DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class Reason(models.TextChoices):
    """Why something was reported, or somebody banned."""

    SPAM = "spam", _("Spam or advertising")
    ABUSE = "abuse", _("Harassment or threats")
    PRIVATE = "private", _("Private information")
    OTHER = "other", _("Something else")


class BanQuerySet(models.QuerySet["Ban"]):
    def running(self, now: datetime) -> Self:
        return self.filter(ended_at__isnull=True).filter(Q(until__isnull=True) | Q(until__gt=now))


class Ban(models.Model):
    """A person, an address (by its digest) or a network that may not post, in one part of the site or everywhere.

    A person banned everywhere is signed out and cannot sign in. Ended bans are retained.
    """

    public_kind: ClassVar[str] = "ban"

    class Scope(models.TextChoices):
        ALL = "all", _("the whole site")
        COMMENT = "comment", _("comments")
        REVIEW = "review", _("reviews")
        CHAT = "chat", _("conversations")
        REPORT = "report", _("reports")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="bans", verbose_name=_("person")
    )
    email_digest = models.CharField(_("digest of an address"), max_length=64, blank=True, editable=False)
    # Enough for staff to recognise the address; the whole address is not stored.
    email_hint = models.CharField(_("address, in part"), max_length=254, blank=True, db_default="", editable=False)
    network = models.CharField(_("network"), max_length=43, blank=True)
    scope = models.CharField(_("from"), max_length=10, choices=Scope)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    words = models.CharField(_("why"), max_length=300, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("ended by"),
    )

    objects = BanQuerySet.as_manager()

    class Meta:
        verbose_name = _("ban")
        verbose_name_plural = _("bans")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("ban_user", _("Can ban people and networks, and end bans"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, email_digest="", network="")
                | (Q(user__isnull=True, network="") & Q(email_digest__regex=DIGEST_PATTERN))
                | (Q(user__isnull=True, email_digest="") & ~Q(network="")),
                name="ban_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("created_at")), name="ban_dates"),
            models.CheckConstraint(
                condition=Q(scope__in=["all", "comment", "review", "chat", "report"]), name="ban_scope"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(ended_at__isnull=True), name="ban_user"),
            models.Index(fields=["email_digest"], condition=Q(ended_at__isnull=True), name="ban_email"),
            models.Index(fields=["network"], condition=Q(ended_at__isnull=True), name="ban_network"),
        ]

    def __str__(self) -> str:
        return self.network or (
            str(self.user) if self.user else self.email_hint or str(_("an address that is not stored"))
        )

    @property
    def public_id(self) -> str:
        return str(self.uid)
