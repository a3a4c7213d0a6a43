"""Lists for people and programs are paged by keys, not by numbers: the cost is that of the page, not of the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime

from core.cursors import BadCursor, decode_cursor, encode_cursor

M = TypeVar("M", bound=Model)


Fetch = Callable[[Sequence[str], Sequence[Any] | None, int], list[M]]


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """A page of rows, with the cursors of its neighbours ("" where there is none)."""

    items: list[M]
    next: str
    previous: str

    def __iter__(self) -> Any:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def keyset(queryset: QuerySet[M], *, by: Sequence[str], cursor: str = "", size: int = 24) -> Page[M]:
    """One page of `queryset` ordered `by` plain columns such as `("-published_at", "-id")`; the last must be unique.

    `cursor` is a neighbour's from an earlier page. One query. Raises BadCursor.
    """

    def fetch(order: Sequence[str], key: Sequence[Any] | None, most: int) -> list[M]:
        rows = queryset.order_by(*order)
        return list((rows.filter(beyond(order, key)) if key is not None else rows)[:most])

    return keyset_of(fetch, by=by, cursor=cursor, size=size)


def keyset_of(fetch: Fetch[M], *, by: Sequence[str], cursor: str = "", size: int = 24) -> Page[M]:
    """The same for rows from elsewhere: `fetch(order, key, most)` gives the first rows, or those `beyond` a key."""
    backwards, key = _decode(cursor, by) if cursor else (False, None)
    order = [_flip(column) for column in by] if backwards else list(by)
    try:
        found = fetch(order, key, size + 1)
    except (ValueError, TypeError, ValidationError):
        raise BadCursor from None
    more = len(found) > size
    items = found[:size][::-1] if backwards else found[:size]
    if not items:
        return Page([], "", "")
    forward = _encode("n", items[-1], by) if more or backwards else ""
    back = _encode("p", items[0], by) if (more if backwards else key is not None) else ""
    return Page(items, forward, back)


def beyond(order: Sequence[str], key: Sequence[Any]) -> Q:
    """Rows after the key: (a > x) or (a = x and b > y) or …, each comparison in its column's direction.

    The first column is also bounded by itself, which lets PostgreSQL start in the index at the key.
    """
    first = order[0]
    condition = Q()
    for index, column in enumerate(order):
        same = {name.removeprefix("-"): value for name, value in zip(order[:index], key, strict=False)}
        way = "lt" if column.startswith("-") else "gt"
        condition |= Q(**same, **{f"{column.removeprefix('-')}__{way}": key[index]})
    return condition & Q(**{f"{first.removeprefix('-')}__{'lte' if first.startswith('-') else 'gte'}": key[0]})


def _flip(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _encode(way: str, row: Model, by: Sequence[str]) -> str:
    values = [getattr(row, column.removeprefix("-")) for column in by]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return encode_cursor([way, *plain], order=",".join(by))


def _decode(cursor: str, by: Sequence[str]) -> tuple[bool, list[Any]]:
    way, *values = decode_cursor(cursor, order=",".join(by))
    return way == "p", [_typed(value) for value in values]


def _typed(value: Any) -> Any:
    try:
        moment = parse_datetime(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        moment = None
    return moment or value
