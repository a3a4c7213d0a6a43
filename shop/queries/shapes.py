"""What the SQL of a list depends on, and the values that go into it: see `core.written`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from core.written import Slot
from shop.models import Market
from shop.queries.narrowing import Filters

MOST = 500  # shapes that are kept


class Shape(NamedTuple):
    """Filters without their values; `prices` tells of each span which ends it has."""

    options: int
    prices: tuple[tuple[bool, bool], ...]
    in_stock: bool
    has_words: bool
    is_within: bool

    @classmethod
    def of(cls, filters: Filters, within: Sequence[int] | None) -> Self:
        return cls(
            options=len(filters.options),
            prices=tuple((low is not None, high is not None) for low, high in filters.prices),
            in_stock=filters.in_stock,
            has_words=bool(filters.q),
            is_within=within is not None,
        )

    @property
    def filters(self) -> Any:
        """Filters of this shape, with slots in the place of values."""
        return Filters(
            options={Slot(f"option_{place}"): Slot(f"chosen_{place}") for place in range(self.options)},  # type: ignore[misc]
            prices=tuple(
                (Slot(f"low_{place}") if low else None, Slot(f"high_{place}") if high else None)  # type: ignore[misc]
                for place, (low, high) in enumerate(self.prices)
            ),
            in_stock=self.in_stock,
            q=Slot("words") if self.has_words else "",  # type: ignore[arg-type]
        )

    @property
    def within(self) -> Slot | None:
        return Slot("within") if self.is_within else None


def values(market: Market, filters: Filters, now: datetime, within: Sequence[int] | None) -> dict[str, Any]:
    """What goes into the slots."""
    filled: dict[str, Any] = {"market": market.pk, "now": now, "within": within and list(within), "words": filters.q}
    for place, (option, chosen) in enumerate(filters.options.items()):
        filled |= {f"option_{place}": option, f"chosen_{place}": list(chosen)}
    for place, (low, high) in enumerate(filters.prices):
        filled |= {f"low_{place}": low, f"high_{place}": high}
    return filled
