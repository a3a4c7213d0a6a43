"""The queue as staff see it."""

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
    """A case with what it is about (None when that is gone) and what people say of it."""

    case: Case
    source: ContentSource
    shown: ReportedContent | None
    reports: Sequence[Report]


def get_open_cases(kinds: Iterable[ContentSource]) -> QuerySet[Case]:
    """The open cases of some kinds."""
    return Case.objects.open().filter(kind__in=[source.kind for source in kinds]).select_related("author")


def count_by_source(kinds: Sequence[ContentSource]) -> list[tuple[ContentSource, int]]:
    """How many wait of each kind; one query."""
    found = get_open_cases(kinds).order_by().values("kind").annotate(n=Count("pk")).values_list("kind", "n")
    numbers = dict(found)
    return [(source, numbers.get(source.kind, 0)) for source in kinds]


def build_items(found: Sequence[Case]) -> list[QueueItem]:
    """Cases as rows; one look-up a kind, and one for the reports."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for case in found:
        by_kind[case.kind].append(case.subject_id)
    sources = {kind: source for kind in by_kind if (source := moderation.get_source(kind)) is not None}
    shown = {
        (kind, public_id): thing
        for kind, source in sources.items()
        for public_id, thing in source.show(by_kind[kind]).items()
    }
    told = _get_reports(found)
    return [
        QueueItem(case, sources[case.kind], shown.get((case.kind, case.subject_id)), told[case.kind, case.subject_id])
        for case in found
        if case.kind in sources
    ]


def get_undoable(user: User, now: datetime) -> list[Case]:
    """What somebody decided just now and can take back; one query."""
    mine = Case.objects.filter(
        decided_by=user, state=Case.State.DECIDED, decided_at__gt=now - cases.UNDO_WINDOW
    ).exclude(before="")
    return list(mine.order_by("-decided_at")[: cases.MAX_BULK_DECISIONS])


def _get_reports(found: Sequence[Case]) -> dict[tuple[str, str], list[Report]]:
    told: dict[tuple[str, str], list[Report]] = defaultdict(list)
    if any(case.reports for case in found):
        about = Report.objects.filter(state=Report.State.OPEN, subject_id__in=[case.subject_id for case in found])
        for one in about.select_related("reporter").order_by("id"):
            told[one.kind, one.subject_id].append(one)
    return told
