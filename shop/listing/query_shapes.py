"""What the SQL of a list depends on, and the values that go into it: see `core.prepared_queries`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.db.models import QuerySet

from core.prepared_queries import Param
from shop.catalogue.models import Product
from shop.listing.filters import Filters
from shop.pricing.models import Market

MAX_SHAPES = 500  # shapes that are kept
MANY_CATEGORIES = 2  # shelves, or more


class QueryShape(NamedTuple):
    """Filters without their values.

    `prices` has which ends each range has; `categories` is how many there are, up to `MANY_CATEGORIES`.
    """

    options: int
    prices: tuple[tuple[bool, bool], ...]
    in_stock: bool
    has_words: bool
    categories: int | None

    @classmethod
    def of(cls, filters: Filters, within: Sequence[int] | None) -> Self:
        return cls(
            options=len(filters.options),
            prices=tuple((low is not None, high is not None) for low, high in filters.prices),
            in_stock=filters.in_stock,
            has_words=bool(filters.q),
            categories=None if within is None else min(len(within), MANY_CATEGORIES),
        )

    @property
    def filters(self) -> Any:
        """Filters of this shape, with slots in the place of values."""
        return Filters(
            options={Param(f"option_{place}"): Param(f"chosen_{place}") for place in range(self.options)},  # type: ignore[misc]
            prices=tuple(
                (Param(f"low_{place}") if low else None, Param(f"high_{place}") if high else None)  # type: ignore[misc]
                for place, (low, high) in enumerate(self.prices)
            ),
            in_stock=self.in_stock,
            q=Param("words") if self.has_words else "",  # type: ignore[arg-type]
            widened=Param("widened") if self.has_words else "",  # type: ignore[arg-type]
        )

    def in_categories(self, found: QuerySet[Product]) -> QuerySet[Product]:
        """Those of the shelves. One is named by its key, so that an index has its products in order."""
        if self.categories is None:
            return found
        if self.categories == 1:
            return found.filter(category_id=Param("category"))
        return found.filter(category__pk__any=Param("within"))


def get_query_values(market: Market, filters: Filters, now: datetime, within: Sequence[int] | None) -> dict[str, Any]:
    """What goes into the slots."""
    filled: dict[str, Any] = {"market": market.pk, "now": now, "words": filters.q, "widened": filters.widened}
    if within is not None:
        filled |= {"within": list(within), "category": next(iter(within), None)}
    for place, (option, chosen) in enumerate(filters.options.items()):
        filled |= {f"option_{place}": option, f"chosen_{place}": list(chosen)}
    for place, (low, high) in enumerate(filters.prices):
        filled |= {f"low_{place}": low, f"high_{place}": high}
    return filled
