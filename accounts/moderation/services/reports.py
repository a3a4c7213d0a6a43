"""Reports of content. Content with enough reports by people with accounts is hidden until staff review it."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.moderation import registry as moderation
from accounts.moderation.models import Report
from accounts.moderation.services import cases
from accounts.users.models import User
from core.context import Actor, Grant
from core.errors import Denied, NotFound
from core.events import services as events

# Counts people with accounts only; anonymous reports are cheap to fake.
AUTO_HIDE_THRESHOLD: Final = 3
MAX_REPORT_LENGTH: Final = 500
SYSTEM_ACTOR: Final = Actor.system("moderation")


class CannotReportOwnContent(Denied):
    code = "reports_own"
    message = _("This is your own content. You can edit or delete it yourself.")


@transaction.atomic
def report_visible(
    *,
    kind: str,
    subject_id: str,
    reason: str,
    viewer: Grant,
    words: str = "",
    network: str = "",
    now: datetime | None = None,
) -> Report:
    """Report content that the viewer may see; a repeated report returns the open one.

    `network` is that of an anonymous visitor. Raises NotFound, CannotReportOwnContent, Banned. Records the events of
    `file_report`.
    """
    source = moderation.get_source(kind)
    found = source.find(subject_id, viewer) if source else None
    if found is None:
        raise NotFound
    return file_report(
        kind=kind,
        subject_id=subject_id,
        author=found.author,
        reason=reason,
        words=words,
        by=viewer.actor,
        network=network,
        now=now,
    )


@transaction.atomic
def file_report(
    *,
    kind: str,
    subject_id: str,
    author: User | None,
    reason: str,
    by: Actor,
    words: str = "",
    network: str = "",
    now: datetime | None = None,
) -> Report:
    """Store a report and add it to the moderation queue. The caller has checked that the reporter may see the content.

    Locks the case. Raises CannotReportOwnContent, Banned. Records report.filed, and content.auto_hidden at
    AUTO_HIDE_THRESHOLD.
    """
    now = now or timezone.now()
    bans.require_not_banned(by=by, scope=Ban.Scope.REPORT, network=network, now=now)
    if author is not None and author == by.user:
        raise CannotReportOwnContent
    case = cases.open_case(kind=kind, subject_id=subject_id, author=author, by=by, reasons=["reported"], now=now)
    # Reports of one thing wait for each other, so that the last of HIDE_AT sees all.
    case = type(case).objects.locked().get(pk=case.pk)
    mark = "" if by.user else bans.compute_digest(network)
    report, made = Report.objects.get_or_create(
        kind=kind,
        subject_id=subject_id,
        reporter=by.user,
        mark=mark,
        state=Report.State.OPEN,
        defaults={"reason": reason, "words": words.strip()[:MAX_REPORT_LENGTH], "created_at": now},
    )
    if not made:
        return report
    cases.count_report(case)
    events.record("report.filed", report, by=by, now=now, kind=kind, about=subject_id, reason=reason)
    _hide_at_threshold(kind, subject_id, now)
    return report


def _hide_at_threshold(kind: str, subject_id: str, now: datetime) -> None:
    source = moderation.get_source(kind)
    if source is None or not source.hidden or source.restore is None:
        return
    reports = Report.objects.filter(kind=kind, subject_id=subject_id, state=Report.State.OPEN, reporter__isnull=False)
    if reports.count() == AUTO_HIDE_THRESHOLD:
        source.restore(subject_id, source.hidden, SYSTEM_ACTOR, now)
        events.record("content.auto_hidden", (kind, subject_id), by=SYSTEM_ACTOR, now=now, reports=AUTO_HIDE_THRESHOLD)
