"""Devices, and sessions at OAuth clients."""

from typing import ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from core.ids import uuid7


class DeviceQuerySet(models.QuerySet["Device"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")

    def signed_in(self) -> Self:
        """Return devices with an active session."""
        alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
        return self.filter(Exists(alive))


class Device(models.Model):
    """A browser or app in which a person signed in, identified by a cookie; `mark` is its digest.

    `session_key` is its session, "" for none. Devices without a session are retained, so that a new sign-in there is
    not reported as new. For an app, `app_session` names the session in its tokens, and `refresh_id` the valid refresh
    token, issued at `refreshed_at`.
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


class ClientSession(models.Model):
    """A sign-in of a person at a client, in this device's session. One is open for each client and device.

    `uid` is the `sid` of ID tokens: random, different for each client, the same until the session ends. After that the
    row is the pending notification: `next_at` is the next attempt, `answer` the last response.
    """

    class State(models.TextChoices):
        OPEN = "open", _("signed in")
        SILENT = "silent", _("ended, no notification needed")
        WAITING = "waiting", _("notification pending")
        TOLD = "told", _("notified")
        FAILED = "failed", _("failed")

    uid = models.UUIDField(_("sid"), default=uuid4, unique=True, editable=False)
    device = models.ForeignKey(Device, models.CASCADE, related_name="client_sessions", verbose_name=_("device"))
    client = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, models.CASCADE, related_name="sessions", verbose_name=_("OAuth app")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    began_at = models.DateTimeField(_("began at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    next_at = models.DateTimeField(_("next attempt"), null=True)
    tried_at = models.DateTimeField(_("last attempt"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    answer = models.CharField(_("last answer"), max_length=300, blank=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        verbose_name = _("session at an OAuth app")
        verbose_name_plural = _("sessions at OAuth apps")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["device", "client"], condition=Q(state="open"), name="client_session_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="client_session_end",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", next_at__isnull=False) | (~Q(state="waiting") & Q(next_at__isnull=True)),
                name="client_session_next",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="client_session_waiting"),
            models.Index(fields=["tried_at"], condition=Q(state="failed"), name="client_session_failed"),
            models.Index(
                fields=["client", "-tried_at"], condition=Q(tried_at__isnull=False), name="client_session_last_told"
            ),
            models.Index(fields=["ended_at"], condition=~Q(state="open"), name="client_session_ended"),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @classmethod
    def get_last_notified(cls, client: AbstractApplication) -> "Self | None":
        """Return the session of the last notification of a client. One query."""
        return cls.objects.filter(client=client, tried_at__isnull=False).order_by("-tried_at").first()
