"""Impersonations."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7


class ImpersonationQuerySet(models.QuerySet["Impersonation"]):
    def open(self) -> Self:
        """Return impersonations that were not ended; some may have expired."""
        return self.filter(ended_at=None)

    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")


class Impersonation(models.Model):
    """Who impersonated whom, why and when. Retained permanently, because it explains events."""

    public_kind: ClassVar[str] = "impersonation"

    class End(models.TextChoices):
        STOPPED = "stopped", _("stopped")
        SIGNED_OUT = "signed_out", _("signed out")
        LIMIT = "limit", _("time limit reached")
        REFUSED = "refused", _("no longer allowed")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("staff"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))
    reason = models.CharField(_("reason"), max_length=300)
    started_at = models.DateTimeField(_("from"), default=timezone.now)
    expires_at = models.DateTimeField(_("at most until"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_because = models.CharField(_("because"), max_length=12, choices=End, blank=True)

    objects = ImpersonationQuerySet.as_manager()

    class Meta:
        verbose_name = _("impersonation")
        verbose_name_plural = _("impersonations")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("impersonate_user", _("Can impersonate people"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["by"], condition=Q(ended_at=None), name="impersonation_one_open"),
            models.CheckConstraint(condition=~Q(reason=""), name="impersonation_reason"),
            models.CheckConstraint(condition=~Q(by=F("person")), name="impersonation_of_another"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("started_at")), name="impersonation_limit"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="impersonation_dates"
            ),
            models.CheckConstraint(condition=Q(ended_at=None) ^ ~Q(ended_because=""), name="impersonation_ended"),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def public_id(self) -> str:
        return str(self.uid)

    def is_over(self, now: datetime) -> bool:
        return self.ended_at is not None or self.expires_at <= now
