"""A browser in which a person signs in."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7


class DeviceQuerySet(models.QuerySet["Device"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")

    def signed_in(self) -> Self:
        """Those whose session is alive."""
        alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
        return self.filter(Exists(alive))


class Device(models.Model):
    """It tells itself apart by a cookie, of which only a digest is kept: `mark`.

    `session_key` is the session that a person has in it now, "" for none. A device without a session is remembered,
    so that signing in there again is no news. The device of an app holds what its tokens rest on: `app_session` names
    the session in them, `refresh_id` the one refresh token that is good, given at `refreshed_at`.
    """

    public_kind: ClassVar[str] = "device"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices", verbose_name=_("person"))
    mark = models.CharField(_("mark"), max_length=64, editable=False)
    session_key = models.CharField(_("session"), max_length=40, blank=True, editable=False)
    browser = models.CharField(_("browser"), max_length=60)
    network = models.CharField(_("network"), max_length=43)
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    app_session = models.UUIDField(_("session of an app"), null=True, unique=True, editable=False)
    refresh_id = models.UUIDField(null=True, editable=False)
    refreshed_at = models.DateTimeField(null=True, editable=False)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering: ClassVar = ["-last_seen_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "mark"], name="device_once_per_person"),
            models.UniqueConstraint(fields=["session_key"], condition=~Q(session_key=""), name="device_session_once"),
            models.CheckConstraint(condition=~Q(mark=""), name="device_mark"),
            models.CheckConstraint(condition=Q(last_seen_at__gte=models.F("first_seen_at")), name="device_dates"),
            models.CheckConstraint(
                condition=Q(app_session__isnull=True, refresh_id__isnull=True, refreshed_at__isnull=True)
                | Q(app_session__isnull=False, refresh_id__isnull=False, refreshed_at__isnull=False),
                name="device_of_app",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "-last_seen_at", "-id"], name="device_of_person")]

    def __str__(self) -> str:
        return self.browser

    @property
    def public_id(self) -> str:
        return str(self.uid)
