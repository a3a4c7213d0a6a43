"""What people ask of their data: a copy of it, and to be forgotten."""

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
    """Another each time it is asked, so that of two workers neither touches the other's file."""
    return f"exports/{uuid7().hex}.zip"


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")


class DataExport(models.Model):
    """A copy of what the house holds about a person. The mail has a link with a secret; here is its digest.

    waiting -> ready -> over; waiting -> failed.
    """

    public_kind: ClassVar[str] = "export"

    class State(models.TextChoices):
        WAITING = "waiting", _("being made")
        READY = "ready", _("ready")
        OVER = "over", _("over")
        FAILED = "failed", _("failed")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports", verbose_name=_("person"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    file = models.FileField(_("file"), upload_to=export_name, storage=private_storage, blank=True)
    size = models.BigIntegerField(_("size in bytes"), null=True)
    digest = models.CharField(_("digest"), max_length=64, blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    made_at = models.DateTimeField(_("made at"), null=True)
    expires_at = models.DateTimeField(_("available until"), null=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export of a person's data")
        verbose_name_plural = _("exports of people's data")
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
        """Delete it, and its file once that is committed."""
        if self.file:
            transaction.on_commit(partial(_delete_file, str(self.file.name)), robust=True)
        self.delete()


class ClosingQuerySet(models.QuerySet["Closing"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")

    def running(self) -> Self:
        """Asked for, and neither taken back nor done."""
        return self.filter(state__in=[Closing.State.WAITING, Closing.State.ERASING])


class Closing(models.Model):
    """That somebody wants to be forgotten. Until `due_at` it can be taken back.

    `asked_by` is the person, or the member of staff who acts on a letter of theirs and says why. `last_address` is
    where the last mail goes; it is emptied when that is sent.
    """

    public_kind: ClassVar[str] = "closing"

    class State(models.TextChoices):
        WAITING = "waiting", _("can be taken back")
        ERASING = "erasing", _("being erased")
        DONE = "done", _("erased")
        KEPT = "kept", _("taken back")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="closings", verbose_name=_("person")
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    last_address = models.EmailField(_("address for the last mail"), max_length=254, blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    due_at = models.DateTimeField(_("due at"))
    reminded_at = models.DateTimeField(_("reminded at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = ClosingQuerySet.as_manager()

    class Meta:
        verbose_name = _("closing of an account")
        verbose_name_plural = _("closings of accounts")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("erase_user", _("Can have people's data erased on their request"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state__in=["waiting", "erasing"]), name="closing_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=["waiting", "erasing", "done", "kept"]), name="closing_state"),
            models.CheckConstraint(condition=Q(due_at__gte=F("asked_at")), name="closing_dates"),
            models.CheckConstraint(
                condition=Q(state__in=["done", "kept"]) ^ Q(ended_at__isnull=True), name="closing_ended"
            ),
            models.CheckConstraint(
                condition=Q(last_address="") | Q(state="done"), name="closing_address_after_erasing"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state__in=["waiting", "erasing"]), name="closing_due")
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def public_id(self) -> str:
        return str(self.uid)


def _delete_file(name: str) -> None:
    with suppress(FileNotFoundError):
        private_storage().delete(name)
