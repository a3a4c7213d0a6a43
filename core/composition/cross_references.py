"""Which thing names which: a post names products, so a product page can say "seen in the journal"."""

from collections.abc import Iterable

from core.composition.models import Reference
from core.prepared_queries import PreparedQuery

Pair = tuple[str, str]

MAX_REFERENCES = 24
SOURCES = PreparedQuery(
    lambda of_kind, of_id, kind: (
        Reference.objects.filter(target_kind=of_kind, target_id=of_id, source_kind=kind)
        .order_by("-id")
        .values_list("source_id", flat=True)[:MAX_REFERENCES]
    )
)


def replace(source: Pair, targets: Iterable[Pair]) -> None:
    """Make `targets`, in order, all that `source` names. Call it inside the source's own transaction."""
    kind, public_id = source
    Reference.objects.filter(source_kind=kind, source_id=public_id).delete()
    Reference.objects.bulk_create(
        Reference(
            source_kind=kind, source_id=public_id, target_kind=target_kind, target_id=target_id, position=position
        )
        for position, (target_kind, target_id) in enumerate(dict.fromkeys(targets))
    )


def sources_of(target: Pair, kind: str, limit: int = 6) -> list[str]:
    """Public ids of the things of a kind that name the target, newest first; at most `MOST`, one query."""
    return SOURCES(of_kind=target[0], of_id=target[1], kind=kind)[:limit]
