"""What happened, and each event's way to its handlers."""

from typing import ClassVar, Self

from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7


class EventQuerySet(models.QuerySet["Event"]):
    def undispatched(self) -> Self:
        return self.filter(dispatched_at__isnull=True)

    def about(self, kind: str, public_id: str) -> Self:
        """The timeline of one thing, oldest first."""
        return self.filter(subject_kind=kind, subject_id=public_id).order_by("id")


class Event(models.Model):
    """A thing that happened: written in the business transaction, the audit log and the outbox in one.

    `data` holds ids, amounts and states, never personal text. A trigger refuses changes of facts and deletion.
    """

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    at = models.DateTimeField(_("at"), default=timezone.now)
    name = models.CharField(_("name"), max_length=80)
    subject_kind = models.CharField(_("subject kind"), max_length=40)
    subject_id = models.CharField(_("subject"), max_length=80)
    actor_kind = models.CharField(_("actor kind"), max_length=20)
    actor_id = models.CharField(_("actor"), max_length=80, blank=True)
    impersonator_id = models.CharField(
        _("in their name"), max_length=80, blank=True, default="", db_default="", help_text=_("Staff who really acted.")
    )
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    data = models.JSONField(_("data"), default=dict, encoder=DjangoJSONEncoder)
    quiet = models.BooleanField(_("quiet"), default=False, help_text=_("History that was loaded: nothing is sent."))
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(dispatched_at__isnull=True), name="event_undispatched"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["actor_kind", "actor_id", "id"], name="event_actor"),
            models.Index(fields=["name", "id"], name="event_name"),
            BrinIndex(fields=["at"], name="event_at"),
            models.Index(fields=["impersonator_id", "id"], condition=~Q(impersonator_id=""), name="event_impersonator"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_kind}:{self.subject_id}"


class EventOrigin(models.Model):
    """From where an event came that concerns the safety of accounts. What is personal of it is forgotten after a while;
    a trigger refuses every other change and deletion.
    """

    event = models.OneToOneField(
        Event, models.CASCADE, primary_key=True, related_name="origin", verbose_name=_("event")
    )
    at = models.DateTimeField(_("at"))
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("browser"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("entry of the security log")
        verbose_name_plural = _("security log")
        default_permissions: ClassVar = ()
        permissions: ClassVar = [("view_security_log", _("Can read the security log and take it out"))]
        indexes: ClassVar = [
            models.Index(fields=["-at", "-event"], name="origin_at"),
            models.Index(fields=["address", "-at"], name="origin_address"),
        ]

    def __str__(self) -> str:
        return str(self.event_id)


class EventDelivery(models.Model):
    """One event on its way to one handler. The row is locked while an in-database handler runs and marked in the
    handler's own transaction, which is what makes the effect happen once.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        DEAD = "dead", _("dead")

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    handler = models.CharField(_("handler"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    done_at = models.DateTimeField(_("done at"), null=True)
    error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("event delivery")
        verbose_name_plural = _("event deliveries")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_once"),
            models.CheckConstraint(condition=Q(state__in=["pending", "done", "dead"]), name="delivery_state"),
            models.CheckConstraint(condition=Q(state="done") ^ Q(done_at__isnull=True), name="delivery_done_at"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="pending"), name="delivery_pending"),
            models.Index(fields=["id"], condition=Q(state="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.handler}"
