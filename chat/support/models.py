"""Support cases: status, assignee and priority of a support conversation."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.rooms.models import Room


class SupportCaseQuerySet(models.QuerySet["SupportCase"]):
    def unresolved(self) -> Self:
        return self.exclude(status=SupportCase.Status.CLOSED)

    def for_desk(self) -> Self:
        """Load everything a line of the queue shows. One query."""
        return self.select_related("room__customer__avatar", "assignee__avatar")


class SupportCase(models.Model):
    """open (the customer waits for us) <-> waiting (we wait for the customer) -> closed. A new message reopens it.

    `turn_at` is when the turn last changed. The queue shows the longest wait first.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        WAITING = "waiting", _("waiting for the customer")
        CLOSED = "closed", _("closed")

    class Priority(models.IntegerChoices):
        LOW = 1, _("low")
        NORMAL = 2, _("normal")
        HIGH = 3, _("high")

    room = models.OneToOneField(Room, models.CASCADE, related_name="case", verbose_name=_("conversation"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="cases",
        db_index=False,
        verbose_name=_("assignee"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    turn_at = models.DateTimeField(_("waiting since"), default=timezone.now)
    first_reply_at = models.DateTimeField(_("first reply at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    # Labels for each side. `get_status_display` is for staff lists.
    CUSTOMER_LABELS: ClassVar = {
        Status.OPEN: _("Waiting for our reply"),
        Status.WAITING: _("Answered"),
        Status.CLOSED: _("Closed"),
    }
    STAFF_LABELS: ClassVar = {
        Status.OPEN: _("Waiting for our reply"),
        Status.WAITING: _("Waiting for the customer"),
        Status.CLOSED: _("Closed"),
    }

    objects = SupportCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("support case")
        verbose_name_plural = _("support cases")
        ordering: ClassVar = ["turn_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=["open", "waiting", "closed"]), name="case_status"),
            models.CheckConstraint(condition=Q(priority__in=[1, 2, 3]), name="case_priority"),
            models.CheckConstraint(condition=Q(status="closed") ^ Q(closed_at__isnull=True), name="case_closed_at"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "turn_at", "id"], name="case_queue"),
            models.Index(fields=["assignee", "turn_at", "id"], condition=~Q(status="closed"), name="case_mine"),
        ]

    def __str__(self) -> str:
        return str(self.room)

    def label(self, *, is_staff: bool) -> str:
        """The label of the status for one side."""
        return str((self.STAFF_LABELS if is_staff else self.CUSTOMER_LABELS)[self.Status(self.status)])
