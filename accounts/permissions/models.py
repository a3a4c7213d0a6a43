"""Roles, and entitlements to what people bought."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from core.validation.email_addresses import email_constraint, find_email


class EntitlementQuerySet(models.QuerySet["Entitlement"]):
    def running(self, now: datetime | None = None) -> Self:
        """Return entitlements that have begun and not ended."""
        now = now or timezone.now()
        return self.filter(since__lte=now).filter(Q(ended_at__isnull=True) | Q(ended_at__gt=now))

    def of(self, user: User) -> Self:
        """Return the entitlements of a person. Guest purchases belong to them once the address is verified."""
        return self.filter(user=user)

    def waiting_for(self, email: str) -> Self:
        """Return the entitlements of an unverified address."""
        return self.filter(user__isnull=True, email=find_email(email))

    def from_source(self, source: tuple[str, str]) -> Self:
        return self.filter(source_kind=source[0], source_id=source[1])


class Entitlement(models.Model):
    """`kind` and `subject` say what is held, such as ("product", "straight-mug"); `source` is what granted it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="entitlements",
        verbose_name=_("person"),
    )
    email = models.EmailField(_("email address"), max_length=254, blank=True)
    kind = models.CharField(_("kind"), max_length=40)
    subject = models.CharField(_("subject"), max_length=80)
    source_kind = models.CharField(_("source kind"), max_length=40)
    source_id = models.CharField(_("source"), max_length=80)
    since = models.DateTimeField(_("since"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = EntitlementQuerySet.as_manager()

    class Meta:
        verbose_name = _("entitlement")
        verbose_name_plural = _("entitlements")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("end_entitlement", _("Can end entitlements"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source_kind", "source_id", "kind", "subject"], name="entitlement_once_per_source"
            ),
            models.CheckConstraint(condition=Q(user__isnull=False) | ~Q(email=""), name="entitlement_has_holder"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="entitlement_email_lower"),
            email_constraint("entitlement_email_shape", blank=True),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")), name="entitlement_dates"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "kind", "subject"], name="entitlement_user"),
            models.Index(fields=["email"], condition=Q(user__isnull=True), name="entitlement_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}"


class Role(models.Model):
    """A built-in role, or one that the owner created."""

    group = models.OneToOneField(Group, models.CASCADE, related_name="role", verbose_name=_("group"))
    slug = models.SlugField(_("slug"), unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    requires_mfa = models.BooleanField(_("requires two-factor authentication"), default=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering: ClassVar = ["slug"]
        permissions: ClassVar = [("assign_role", _("Can assign and remove roles"))]

    def __str__(self) -> str:
        return self.group.name
