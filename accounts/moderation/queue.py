"""Queries of the moderation queue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from accounts.moderation import registry as moderation
from accounts.moderation.models import Case, Report
from accounts.moderation.registry import ContentSource, ReportedContent
from accounts.moderation.services import cases
from accounts.users.models import User


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A case with its content (None when it was deleted) and its reports."""

    case: Case
    source: ContentSource
    shown: ReportedContent | None
    reports: Sequence[Report]


def get_open_cases(kinds: Iterable[ContentSource]) -> QuerySet[Case]:
    """Return the open cases of some kinds."""
    return Case.objects.open().filter(kind__in=[source.kind for source in kinds]).select_related("author")


def count_by_source(kinds: Sequence[ContentSource]) -> list[tuple[ContentSource, int]]:
    """Return the number of open cases of each kind; one query."""
    found = get_open_cases(kinds).order_by().values("kind").annotate(n=Count("pk")).values_list("kind", "n")
    numbers = dict(found)
    return [(source, numbers.get(source.kind, 0)) for source in kinds]


def build_items(found: Sequence[Case]) -> list[QueueItem]:
    """Return items for cases; one look-up for each kind, and one for the reports."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for case in found:
        by_kind[case.kind].append(case.subject_id)
    sources = {kind: source for kind in by_kind if (source := moderation.get_source(kind)) is not None}
    shown = {
        (kind, public_id): thing
        for kind, source in sources.items()
        for public_id, thing in source.show(by_kind[kind]).items()
    }
    reports = _get_reports(found)
    return [
        QueueItem(
            case, sources[case.kind], shown.get((case.kind, case.subject_id)), reports[case.kind, case.subject_id]
        )
        for case in found
        if case.kind in sources
    ]


def get_undoable(user: User, now: datetime) -> list[Case]:
    """Return the recent decisions that somebody can undo; one query."""
    mine = Case.objects.filter(
        decided_by=user, state=Case.State.DECIDED, decided_at__gt=now - cases.UNDO_WINDOW
    ).exclude(before="")
    return list(mine.order_by("-decided_at")[: cases.MAX_BULK_DECISIONS])


def _get_reports(found: Sequence[Case]) -> dict[tuple[str, str], list[Report]]:
    reports: dict[tuple[str, str], list[Report]] = defaultdict(list)
    if any(case.reports for case in found):
        about = Report.objects.filter(state=Report.State.OPEN, subject_id__in=[case.subject_id for case in found])
        for one in about.select_related("reporter").order_by("id"):
            reports[one.kind, one.subject_id].append(one)
    return reports
