"""A page of products, by SQL that is written once for each shape of a list."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import IntegerField, QuerySet

from core.keyset_pagination import Page, beyond, keyset_of
from core.prepared_queries import Param, PreparedQuery
from shop.catalogue.models import Product
from shop.listing import shapes
from shop.listing.filters import Filters, products
from shop.listing.shapes import Shape
from shop.pricing.models import Market


def listing(
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
        filled = shapes.values(market, filters, now, within)
        for place, (column, part) in enumerate(zip(order, key or (), strict=False)):
            filled[f"key_{place}"] = _typed(column, part)
        return _written(Shape.of(filters, within), tuple(order), key is not None, most)(**filled)

    return keyset_of(fetch, by=by, cursor=cursor, size=size)


@lru_cache(shapes.MOST)
def _written(shape: Shape, order: tuple[str, ...], is_beyond: bool, most: int) -> PreparedQuery[Product]:
    # Planned anew each time: a shelf may hold ten pieces or ten thousand.
    return PreparedQuery(lambda: _queryset(shape, order, is_beyond)[:most], is_planned_once=False)


def _queryset(shape: Shape, order: tuple[str, ...], is_beyond: bool) -> QuerySet[Product]:
    columns = [column.removeprefix("-") for column in order]
    everywhere = products(Param("market"), shape.filters, Param("now"), columns=columns)
    found = shape.on_shelves(everywhere).order_by(*order)
    if is_beyond:
        found = found.filter(beyond(order, [Param(f"key_{place}") for place in range(len(order))]))
    return found


def _typed(column: str, value: Any) -> Any:
    """A part of a cursor as its column's type. Raises ValueError or ValidationError."""
    name = column.removeprefix("-")
    field: Any = IntegerField() if name == "price" else Product._meta.get_field(name)  # noqa: SLF001  public, says Django
    return field.to_python(value)
