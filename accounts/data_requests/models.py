"""Data exports."""

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import ClassVar, Self

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7


def private_storage() -> Storage:
    return storages["private"]


def export_name(export: "DataExport", filename: str) -> str:
    """Return a new name each time, so that two workers never write the same file."""
    return f"exports/{uuid7().hex}.zip"


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")


class DataExport(models.Model):
    """An export of a person's data. The email contains a link with a secret; its digest is stored here.

    waiting -> ready -> over; waiting -> failed.
    """

    public_kind: ClassVar[str] = "export"

    class State(models.TextChoices):
        WAITING = "waiting", _("in progress")
        READY = "ready", _("ready")
        OVER = "over", _("expired")
        FAILED = "failed", _("failed")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports", verbose_name=_("person"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    file = models.FileField(_("file"), upload_to=export_name, storage=private_storage, blank=True)
    size = models.BigIntegerField(_("size in bytes"), null=True)
    digest = models.CharField(_("digest"), max_length=64, blank=True, editable=False)
    asked_at = models.DateTimeField(_("requested at"), default=timezone.now)
    made_at = models.DateTimeField(_("ready at"), null=True)
    expires_at = models.DateTimeField(_("available until"), null=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("data export")
        verbose_name_plural = _("data exports")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(state="waiting"), name="export_one_at_a_time"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "ready", "over", "failed"]), name="export_state"),
            models.CheckConstraint(
                condition=Q(state="ready") ^ (Q(file="") & Q(digest="")), name="export_ready_has_file"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready")
                | Q(size__gt=0, made_at__isnull=False, expires_at__gt=F("made_at"), made_at__gte=F("asked_at")),
                name="export_ready_dates",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="export_of_person"),
            models.Index(fields=["expires_at"], condition=Q(state="ready"), name="export_expiring"),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def public_id(self) -> str:
        return str(self.uid)

    def is_open(self, now: datetime) -> bool:
        """Whether it can be fetched."""
        return self.state == self.State.READY and self.expires_at is not None and now < self.expires_at

    def remove(self) -> None:
        """Delete the row, and its file after the commit."""
        if self.file:
            transaction.on_commit(partial(_delete_file, str(self.file.name)), robust=True)
        self.delete()


def _delete_file(name: str) -> None:
    with suppress(FileNotFoundError):
        private_storage().delete(name)
