"""Addresses of other programs that want to hear of events, and what was sent to them."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.events.models import Event
from core.ids import uuid7


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def enabled(self) -> Self:
        return self.filter(disabled_at__isnull=True)

    def with_something_due(self, now: datetime | Now) -> Self:
        """Those that nobody sends to at this moment and that have a delivery whose time has come."""
        due = WebhookDelivery.objects.due(now).filter(webhook=OuterRef("pk"))
        return self.enabled().filter(Exists(due), next_at__lte=now)


class Webhook(models.Model):
    """An address that is told of events.

    `next_at` is when the next sending to it may begin: a worker that sends moves it ahead as its lease, and a failure
    leaves it there as a rest. So one worker at a time sends to one address, in order.
    """

    class Reason(models.TextChoices):
        BY_HAND = "by_hand", _("by hand")
        FAILING = "failing", _("every attempt failed for days")
        GONE = "gone", _("the receiver answered that it is gone")

    public_kind: ClassVar[str] = "webhook"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=80), verbose_name=_("events"))
    secret = models.TextField(_("secret"), editable=False)
    former_secret = models.TextField(_("former secret"), blank=True, editable=False)
    former_until = models.DateTimeField(_("former secret signs until"), null=True, editable=False)
    next_at = models.DateTimeField(_("next sending"), default=timezone.now, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, editable=False)
    disabled_reason = models.CharField(_("why disabled"), max_length=10, choices=Reason, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(events=[]), name="webhook_wants_something"),
            models.CheckConstraint(
                condition=Q(former_secret="") ^ Q(former_until__isnull=False), name="webhook_former_secret"
            ),
            models.CheckConstraint(
                condition=Q(disabled_reason="", disabled_at__isnull=True)
                | Q(disabled_reason__in=["by_hand", "failing", "gone"], disabled_at__isnull=False),
                name="webhook_disabled",
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self, now: datetime | Now) -> Self:
        return self.filter(state=WebhookDelivery.State.WAITING, next_at__lte=now)


class WebhookDelivery(models.Model):
    """One event on its way to one address. `attempts` counts those since it was made or asked for again."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    event = models.ForeignKey(Event, models.CASCADE, related_name="webhook_deliveries", verbose_name=_("event"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    done_at = models.DateTimeField(_("done at"), null=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "event"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", done_at__isnull=True)
                | Q(state__in=["delivered", "failed"], done_at__isnull=False),
                name="webhook_delivery_state",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["webhook", "next_at", "id"], condition=Q(state="waiting"), name="webhook_delivery_due"
            ),
            models.Index(fields=["webhook", "-id"], name="webhook_delivery_log"),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
            models.Index(fields=["done_at"], condition=Q(state="failed"), name="webhook_delivery_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.webhook_id}"


class WebhookAttempt(models.Model):
    """One try: what the receiver answered (`status`, and the beginning of its words), or why nothing came."""

    delivery = models.ForeignKey(
        WebhookDelivery, models.CASCADE, related_name="tries", verbose_name=_("webhook delivery")
    )
    at = models.DateTimeField(_("at"))
    ms = models.PositiveIntegerField(_("milliseconds"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    answer = models.TextField(_("answer"), blank=True)

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__isnull=False) | ~Q(error=""), name="webhook_attempt_outcome"),
        ]

    def __str__(self) -> str:
        return str(self.status or self.error)

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  RFC 9110: successful
