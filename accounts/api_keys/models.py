"""API keys: credentials that act on behalf of a person."""

from datetime import datetime
from hmac import compare_digest
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")

    def alive(self, now: datetime) -> Self:
        """Neither revoked nor expired."""
        return self.filter(revoked_at__isnull=True).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class ApiKey(models.Model):
    """An API key. `prefix` identifies it publicly; only a digest of the secret is stored.

    After a rotation the former secret works until `former_until`. `scopes` limit what it may do, in addition to the
    person's permissions. Without `networks` it is accepted from everywhere.
    """

    public_kind: ClassVar[str] = "api_key"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("prefix"), max_length=10, unique=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    former_digest = models.CharField(_("former digest"), max_length=64, blank=True, editable=False)
    former_until = models.DateTimeField(_("former secret works until"), null=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True, verbose_name=_("networks"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("revoke_apikey", _("Can revoke API keys of others"))]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="api_key_has_name"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="api_key_has_scopes"),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="api_key_digest"),
            models.CheckConstraint(
                condition=Q(former_digest="") ^ Q(former_until__isnull=False), name="api_key_former"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")), name="api_key_dates"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return str(self.uid)

    def is_alive(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def matches_digest(self, digest: str, now: datetime) -> bool:
        """Whether this is the digest of the secret, or of the former secret while that still works."""
        former = self.former_digest if self.former_until is not None and self.former_until > now else ""
        return compare_digest(digest, self.digest) | compare_digest(digest, former)

    @property
    def state(self) -> "State":
        """As of now, for people."""
        if self.revoked_at is not None:
            return State.REVOKED
        return State.ALIVE if self.is_alive(timezone.now()) else State.EXPIRED


class State(models.TextChoices):
    ALIVE = "alive", _("active")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")
