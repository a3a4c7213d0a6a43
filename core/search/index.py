"""One index over everything, filled by handlers, asked by pages, pickers and the API.

What has the words comes first; where it does not fill the answer, beginnings of words and typing errors follow.

An app registers for its kind how documents are made, and may register which audience tokens a viewer holds. Only a
capped set of candidates, the most popular first, is ranked: exact ranking of common words grows with the table.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery, SearchRank
from django.db import connection, transaction
from django.db.models import Count, F, FloatField, QuerySet
from django.db.models.expressions import ExpressionWrapper
from django.utils import timezone

from core.context import Grant
from core.search import words as search_words
from core.search.models import SearchDocument

EVERYONE = "everyone"
CANDIDATES = 1000
MAX_QUERY_LENGTH = 200
BATCH = 500
NEGATIONS = re.compile(r"[-!](?:\W*[-!])+")  # PostgreSQL keeps 32 operators at a time

Query = SearchQuery | CombinedSearchQuery


@dataclass(frozen=True, slots=True)
class Document:
    """What one thing tells search about itself. `audience` is who may find it."""

    public_id: str
    title: str
    url: str
    summary: str = ""
    body: str = ""
    weight: float = 0.0
    language: str = "en"
    audience: Sequence[str] = (EVERYONE,)
    at: datetime = field(default_factory=timezone.now)


@dataclass(frozen=True, slots=True)
class Hit:
    """A found thing."""

    kind: str
    public_id: str
    title: str
    summary: str
    url: str
    rank: float


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits, and how many candidates there were of each kind; `is_similar` when none has the very words."""

    hits: list[Hit]
    kinds: Mapping[str, int]
    is_similar: bool = False

    @property
    def total(self) -> int:
        return sum(self.kinds.values())

    @property
    def capped(self) -> bool:
        return self.total >= CANDIDATES


# Makes the documents of the given public ids, or of all when None. Ids that give no document leave the index.
Maker = Callable[[Sequence[str] | None], Iterator[Document]]
Audience = Callable[[Grant], Iterable[str]]

_makers: dict[str, Maker] = {}
_audiences: list[Audience] = []


def register(kind: str) -> Callable[[Maker], Maker]:
    """Declare how documents of a kind are made."""

    def keep(maker: Maker) -> Maker:
        _makers[kind] = maker
        return maker

    return keep


def register_audience(audience: Audience) -> Audience:
    """Declare which audience tokens a viewer holds, such as `room:…` or `members`."""
    if audience not in _audiences:
        _audiences.append(audience)
    return audience


@transaction.atomic
def index(kind: str, public_ids: Sequence[str] | None = None) -> int:
    """Bring the index up to date for some things of a kind, or for all; returns how many documents it holds of them.

    Serialised per kind by an advisory lock, so an older state never overwrites a newer one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"search:{kind}"])
    documents = [SearchDocument(kind=kind, **_columns(document)) for document in _makers[kind](public_ids)]
    stale = SearchDocument.objects.filter(kind=kind)
    if public_ids is not None:
        stale = stale.filter(public_id__in=public_ids)
    stale.exclude(public_id__in=[document.public_id for document in documents]).delete()
    SearchDocument.objects.bulk_create(
        documents,
        update_conflicts=True,
        unique_fields=["kind", "public_id"],
        update_fields=["title", "summary", "body", "url", "weight", "language", "audience", "at"],
        batch_size=BATCH,
    )
    search_words.collect(kind, [document.public_id for document in documents])
    return len(documents)


def reindex(kind: str) -> Iterator[int]:
    """Bring all documents of a kind up to date in short transactions; yields how many things were looked at so far.

    Searches and indexing go on meanwhile. What left the source leaves the index at the end.
    """
    seen: set[str] = set()
    for batch in _batches(document.public_id for document in _makers[kind](None)):
        index(kind, batch)
        seen.update(batch)
        yield len(seen)
    indexed = SearchDocument.objects.filter(kind=kind).values_list("public_id", flat=True)
    for batch in _batches(public_id for public_id in indexed if public_id not in seen):
        index(kind, batch)
        yield len(seen)


def _batches(public_ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(public_ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


def kinds() -> list[str]:
    return sorted(_makers)


def find(
    q: str, viewer: Grant, kinds: Sequence[str] | None = None, limit: int = 24, *, is_counting_all: bool = False
) -> Found:
    """The best matches of a web-style query that this viewer may find; two queries, or four where they do not fill.

    `is_counting_all`: the counts are those of every kind, whichever are asked for.
    """
    query = _query(q)
    if query is None:
        return Found([], {})
    tokens, counted = sorted(tokens_of(viewer)), None if is_counting_all else kinds
    hits = _hits(query, query, tokens, kinds, limit)
    similar = _similar(q) if len(hits) < limit else None
    if similar is None:
        return Found(hits, _counts(query, tokens, counted))
    more = _hits(similar & ~query, similar, tokens, kinds, limit - len(hits))
    return Found(hits + more, _counts(query | similar, tokens, counted), is_similar=bool(more) and not hits)


def clean(q: str) -> str:
    """Text of a query without what PostgreSQL cannot read: NUL, and signs of negation that would nest."""
    return NEGATIONS.sub(" ", q.replace("\0", "")).strip()[:MAX_QUERY_LENGTH]


def matching(words: Any, widened: Any) -> Query:
    """A query by words and by what `widen` made of them, for lists that are not ranked."""
    return _web(words) | _raw(widened)


def widen(q: str) -> str:
    """What finds more than the words of `q`, for `matching`; one query."""
    return search_words.widen(clean(q))


def tokens_of(viewer: Grant) -> set[str]:
    """The audience tokens of a viewer; everyone holds `everyone`."""
    return {EVERYONE}.union(*(audience(viewer) for audience in _audiences))


def _query(q: str) -> SearchQuery | None:
    wanted = clean(q)
    return _web(wanted) if wanted else None


def _web(words: Any) -> SearchQuery:
    return SearchQuery(words, search_type="websearch", config="english")


def _similar(q: str) -> SearchQuery | None:
    widened = widen(q)
    return _raw(widened) if widened else None


def _raw(widened: Any) -> SearchQuery:
    return SearchQuery(widened, search_type="raw", config="english")


def _hits(query: Query, ranking: Query, tokens: list[str], kinds: Sequence[str] | None, limit: int) -> list[Hit]:
    """The best by `ranking` of what `query` finds."""
    rank = ExpressionWrapper(SearchRank(F("vector"), ranking) + F("weight") / 1000.0, output_field=FloatField())
    found = _candidates(query, tokens, kinds).annotate(rank=rank).defer("body", "vector").order_by("-rank", "-id")
    return [_hit(document) for document in found[:limit]]


def _counts(query: Query, tokens: list[str], kinds: Sequence[str] | None) -> dict[str, int]:
    found = _candidates(query, tokens, kinds)
    return dict(found.values_list("kind").annotate(count=Count("pk")).order_by("kind"))


def _candidates(query: Query, tokens: list[str], kinds: Sequence[str] | None) -> QuerySet[SearchDocument]:
    visible = SearchDocument.objects.filter(audience__overlap=tokens)
    if kinds is not None:
        visible = visible.filter(kind__in=kinds)
    candidates = visible.filter(vector=query).order_by(F("weight").desc(), F("id").desc())[:CANDIDATES]
    return SearchDocument.objects.filter(pk__in=candidates.values("pk"))


def _hit(document: SearchDocument) -> Hit:
    rank: float = document.rank  # type: ignore[attr-defined]
    return Hit(document.kind, document.public_id, document.title, document.summary, document.url, rank)


def _columns(document: Document) -> dict[str, object]:
    return {
        "public_id": document.public_id,
        "title": document.title[:300],
        "summary": document.summary,
        "body": document.body,
        "url": document.url,
        "weight": document.weight,
        "language": document.language,
        "audience": list(document.audience),
        "at": document.at,
    }
