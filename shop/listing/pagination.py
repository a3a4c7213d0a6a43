"""A page of products, by SQL that is written once for each shape of a list."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import IntegerField, QuerySet

from core.keyset_pagination import Page, beyond, keyset_of
from core.prepared_queries import Param, PreparedQuery
from shop.catalogue.models import Product
from shop.listing import query_shapes
from shop.listing.filters import Filters, filter_products
from shop.listing.query_shapes import QueryShape
from shop.pricing.models import Market


def paginate_products(
    market: Market,
    filters: Filters,
    now: datetime,
    *,
    within: Sequence[int] | None,
    by: Sequence[str],
    cursor: str,
    size: int,
) -> Page[Product]:
    """A page of what is for sale and matches the filters, ordered `by` columns; one query. Raises BadCursor."""

    def fetch(order: Sequence[str], key: Sequence[Any] | None, most: int) -> list[Product]:
        filled = query_shapes.get_query_values(market, filters, now, within)
        for place, (column, part) in enumerate(zip(order, key or (), strict=False)):
            filled[f"key_{place}"] = _to_python(column, part)
        return _prepare_query(QueryShape.of(filters, within), tuple(order), key is not None, most)(**filled)

    return keyset_of(fetch, by=by, cursor=cursor, size=size)


@lru_cache(query_shapes.MAX_SHAPES)
def _prepare_query(shape: QueryShape, order: tuple[str, ...], is_beyond: bool, most: int) -> PreparedQuery[Product]:
    # Planned anew each time: a shelf may hold ten pieces or ten thousand.
    return PreparedQuery(lambda: _build_queryset(shape, order, is_beyond)[:most], is_planned_once=False)


def _build_queryset(shape: QueryShape, order: tuple[str, ...], is_beyond: bool) -> QuerySet[Product]:
    columns = [column.removeprefix("-") for column in order]
    everywhere = filter_products(Param("market"), shape.filters, Param("now"), columns=columns)
    found = shape.in_categories(everywhere).order_by(*order)
    if is_beyond:
        found = found.filter(beyond(order, [Param(f"key_{place}") for place in range(len(order))]))
    return found


def _to_python(column: str, value: Any) -> Any:
    """A part of a cursor as its column's type. Raises ValueError or ValidationError."""
    name = column.removeprefix("-")
    field: Any = IntegerField() if name == "price" else Product._meta.get_field(name)  # noqa: SLF001  public, says Django
    return field.to_python(value)
