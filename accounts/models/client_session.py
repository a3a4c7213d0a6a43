"""What a client learned of a session: its name there, and whether the client heard that it is over."""

from typing import ClassVar, Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.device import Device
from accounts.models.oauth import Client


class ClientSession(models.Model):
    """A client signed a person in whose session is in this browser. One is open for each client and browser.

    `uid` is the `sid` of ID tokens: random, another for each client, the same until the session ends. Then the row is
    what has to be told, and how far that is: `next_at` is when it is tried, `answer` what the last try was answered.
    """

    class State(models.TextChoices):
        OPEN = "open", _("signed in")
        SILENT = "silent", _("over; it wants no word")
        WAITING = "waiting", _("to be told")
        TOLD = "told", _("told")
        FAILED = "failed", _("given up")

    uid = models.UUIDField(_("sid"), default=uuid4, unique=True, editable=False)
    device = models.ForeignKey(Device, models.CASCADE, related_name="client_sessions", verbose_name=_("device"))
    client = models.ForeignKey(Client, models.CASCADE, related_name="sessions", verbose_name=_("client"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    began_at = models.DateTimeField(_("began at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    next_at = models.DateTimeField(_("next attempt"), null=True)
    tried_at = models.DateTimeField(_("last attempt"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    answer = models.CharField(_("last answer"), max_length=300, blank=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        verbose_name = _("session at a client")
        verbose_name_plural = _("sessions at clients")
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
    def last_told_to(cls, client: Client) -> "Self | None":
        """The session of whose end a client was told last, with what it answered. One query."""
        return cls.objects.filter(client=client, tried_at__isnull=False).order_by("-tried_at").first()
