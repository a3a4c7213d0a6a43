"""Moderation cases: opened for held or reported content, decided by staff, and undone.

Lock order: the case, then what its source locks. Services that change content themselves call `close_case` before they
lock the content.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.moderation import registry as moderation
from accounts.moderation.models import Case, Report
from accounts.moderation.registry import ContentSource
from accounts.users.models import User
from core.context import Actor
from core.errors import Conflict, NotFound
from core.events import services as events

Act = Case.Act
# How long a decision can be undone.
UNDO_WINDOW: Final = timedelta(minutes=2)
MAX_BULK_DECISIONS: Final = 100


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = _("This has already been decided: %(who)s, %(act)s.")


class UndoWindowPassed(Conflict):
    code = "too_late_to_undo"
    message = _("This decision can no longer be undone.")


@transaction.atomic
def open_case(
    *,
    kind: str,
    subject_id: str,
    author: User | None,
    by: Actor,
    score: int = 0,
    reasons: Iterable[str] = (),
    now: datetime | None = None,
) -> Case:
    """Open a case unless there is an open one. Records case.opened for a new one."""
    case, made = Case.objects.get_or_create(
        kind=kind,
        subject_id=subject_id,
        state=Case.State.OPEN,
        defaults={"author": author, "score": score, "reasons": list(reasons), "opened_at": now or timezone.now()},
    )
    if made:
        events.record("case.opened", case, by=by, now=now, kind=kind, about=subject_id, score=score)
    return case


@transaction.atomic
def decide(*, case_uid: UUID, version: int, act: str, by: Actor, words: str = "", now: datetime | None = None) -> Case:
    """Approve or remove the content of a case, as seen at `version`; answers its reports.

    Locks the case, then what its source locks. Raises NotFound, Denied, AlreadyDecided, and the errors of the source.
    Records case.decided.
    """
    now = now or timezone.now()
    case, source = _lock_case(case_uid, by)
    if case.state != Case.State.OPEN or case.version != version:
        raise _already_decided(case)
    case.state, case.act, case.words = Case.State.DECIDED, Act(act), words[:300]
    _mark_decided(case, by=by, now=now)
    case.before = source.decide(case.subject_id, case.act == Act.APPROVE, by, now)
    case.save(update_fields=["before"])
    events.record("case.decided", case, by=by, now=now, kind=case.kind, about=case.subject_id, act=case.act)
    return case


@transaction.atomic
def undo_decision(*, case_uid: UUID, version: int, by: Actor, now: datetime | None = None) -> Case:
    """Undo one's own decision within UNDO_WINDOW: restores the state of the content and reopens the case.

    Locks the case, then what its source locks. Raises NotFound, Denied, UndoWindowPassed. Records case.reopened.
    """
    now = now or timezone.now()
    case, source = _lock_case(case_uid, by)
    is_mine = case.decided_by_id is not None and by.user is not None and case.decided_by_id == by.user.pk
    fresh = case.decided_at is not None and case.decided_at + UNDO_WINDOW >= now
    if not (is_mine and fresh and case.version == version and case.before) or source.restore is None:
        raise UndoWindowPassed
    if Case.objects.open().about(case.kind, case.subject_id).exists():
        raise UndoWindowPassed
    source.restore(case.subject_id, case.before, by, now)
    answered = Report.objects.filter(kind=case.kind, subject_id=case.subject_id, decided_case=case)
    answered.update(state=Report.State.OPEN, decided_case=None)
    case.state, case.act, case.words, case.before = Case.State.OPEN, "", "", ""
    case.decided_at = case.decided_by = None
    case.version += 1
    case.save()
    events.record("case.reopened", case, by=by, now=now, kind=case.kind, about=case.subject_id)
    return case


@transaction.atomic
def close_case(*, kind: str, subject_id: str, act: str, by: Actor, now: datetime | None = None) -> None:
    """Close the open case of content that was decided elsewhere, if there is one. Locks the case.

    Records case.decided.
    """
    case = Case.objects.locked().open().about(kind, subject_id).first()
    if case is None:
        return
    now = now or timezone.now()
    case.state, case.act = Case.State.DECIDED, Act(act)
    _mark_decided(case, by=by, now=now)
    events.record("case.decided", case, by=by, now=now, kind=kind, about=subject_id, act=act)


def count_report(case: Case) -> None:
    """Count one more report; part of the caller's transaction."""
    Case.objects.filter(pk=case.pk).update(reports=F("reports") + 1)


def _lock_case(case_uid: UUID, by: Actor) -> tuple[Case, ContentSource]:
    case = Case.objects.locked().filter(uid=case_uid).first()
    source = moderation.get_source(case.kind) if case else None
    if case is None or source is None:
        raise NotFound
    by.require("accounts.moderate")
    by.require(source.permission)
    return case, source


def _mark_decided(case: Case, *, by: Actor, now: datetime) -> None:
    case.decided_at, case.decided_by = now, by.user
    case.version += 1
    case.save()
    answer = Report.State.DISMISSED if case.act == Act.APPROVE else Report.State.UPHELD
    open_reports = Report.objects.filter(kind=case.kind, subject_id=case.subject_id, state=Report.State.OPEN)
    open_reports.update(state=answer, decided_case=case)


def _already_decided(case: Case) -> AlreadyDecided:
    details: dict[str, Any] = {"who": str(case.decided_by or _("somebody")), "act": case.get_act_display()}
    return AlreadyDecided(**details, version=case.version)
