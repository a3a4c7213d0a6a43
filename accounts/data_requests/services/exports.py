"""Data exports: requested, prepared by the worker, downloaded, deleted."""

import hashlib
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Final
from uuid import UUID

import structlog
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.data_requests import archive
from accounts.data_requests.models import DataExport, private_storage
from accounts.privacy.registry import Person
from accounts.users.models import User
from accounts.users.queries import get_verified_emails
from core.context import Actor
from core.errors import Conflict, Denied, NotFound, RateLimited
from core.events import services as events

EXPORT_RETENTION: Final = timedelta(days=7)
MAX_EXPORTS_PER_DAY: Final = 3
ONE_DAY: Final = timedelta(days=1)
SYSTEM_ACTOR: Final = Actor.system("accounts.exports")

log = structlog.get_logger(__name__)


class ExportInProgress(Conflict):
    code = "export_under_way"
    message = _("An export is already in progress. We will email you when it is ready.")


class TooManyExports(RateLimited):
    code = "too_many_exports"
    message = _("You can request at most %(most)d exports a day. Try again tomorrow.")


class ExportExpired(NotFound):
    code = "export_over"
    message = _("This export has expired. Request a new one.")


def get_person(user: User) -> Person:
    """Return a person with all verified addresses. One query."""
    return Person(user, get_verified_emails(user))


@transaction.atomic
def request_export(*, user_id: int, by: Actor, now: datetime | None = None) -> DataExport:
    """Request an export of one's own data, which the worker prepares.

    Locks the person, so that of concurrent requests one succeeds. Raises Denied for another person, ExportInProgress,
    TooManyExports. Records export.requested.
    """
    now = now or timezone.now()
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if by.id != user.public_id:
        raise Denied
    theirs = DataExport.objects.filter(user=user)
    if theirs.filter(state=DataExport.State.WAITING).exists():
        raise ExportInProgress
    if theirs.filter(asked_at__gt=now - ONE_DAY).count() >= MAX_EXPORTS_PER_DAY:
        raise TooManyExports(most=MAX_EXPORTS_PER_DAY, retry_after=int(ONE_DAY.total_seconds()))
    export = DataExport.objects.create(user=user, asked_at=now)
    events.record("export.requested", user, by=by, now=now, export=export.public_id)
    return export


def make_export(*, uid: str, now: datetime | None = None) -> bool:
    """Write the export into the private storage. Returns False, without a file, when it is no longer waiting.

    Runs outside any transaction. A failure leaves no file. Records export.made.
    """
    now = now or timezone.now()
    waiting = DataExport.objects.select_related("user__avatar").filter(uid=uid, state=DataExport.State.WAITING)
    export = waiting.first()
    if export is None:
        return False
    with TemporaryFile() as written:
        archive.write_archive(written, get_person(export.user), now)
        return _publish_export(export, written, now)


def open_export(*, uid: UUID, secret: str, viewer: User, now: datetime | None = None) -> IO[bytes]:
    """Return the file to its owner, with the secret of the email. Raises NotFound, ExportExpired."""
    export = DataExport.objects.filter(uid=uid, user=viewer).first()
    if export is None:
        raise NotFound
    if not export.is_open(now or timezone.now()):
        raise ExportExpired
    if not constant_time_compare(export.digest, _digest(secret)):
        raise NotFound
    opened: IO[bytes] = export.file.open("rb")
    return opened


def get_export_secret(export: DataExport) -> str:
    """Return the secret of the link. It is derived, so that a repeated email has the same link."""
    return salted_hmac("accounts.exports", export.public_id, algorithm="sha256").hexdigest()


def purge_expired(*, now: datetime | None = None) -> None:
    """Delete expired files, and mark exports as failed that were not prepared within a day."""
    now = now or timezone.now()
    late = DataExport.objects.filter(state=DataExport.State.WAITING, asked_at__lt=now - ONE_DAY)
    late.update(state=DataExport.State.FAILED)
    for pk in DataExport.objects.filter(state=DataExport.State.READY, expires_at__lte=now).values_list("pk", flat=True):
        _expire_export(pk)


def _publish_export(export: DataExport, written: IO[bytes], now: datetime) -> bool:
    size = written.tell()
    written.seek(0)
    name = _store_file(export, written)
    try:
        with transaction.atomic():
            mine = DataExport.objects.locked().filter(pk=export.pk, state=DataExport.State.WAITING)
            ready = {
                "state": DataExport.State.READY,
                "file": name,
                "size": size,
                "digest": _digest(get_export_secret(export)),
            }
            if mine.update(**ready, made_at=now, expires_at=now + EXPORT_RETENTION):
                events.record("export.made", export.user, by=SYSTEM_ACTOR, now=now, export=export.public_id, size=size)
                return True
    except Exception:
        private_storage().delete(name)
        raise
    private_storage().delete(name)
    return False


def _store_file(export: DataExport, written: IO[bytes]) -> str:
    """Store the file; delete a partial file, for example when the disk is full."""
    name = DataExport.file.field.generate_filename(export, "")
    try:
        return private_storage().save(name, File(written))
    except OSError:
        private_storage().delete(name)
        raise


@transaction.atomic
def _expire_export(pk: int) -> None:
    export = DataExport.objects.locked().get(pk=pk)
    name = str(export.file.name)
    DataExport.objects.filter(pk=pk).update(state=DataExport.State.OVER, file="", digest="")
    transaction.on_commit(lambda: private_storage().delete(name), robust=True)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
