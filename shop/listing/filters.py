"""What a list of products is narrowed to: conditions for Django to write, on variants and on products."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from core.search import index as search
from core.search.models import SearchDocument
from shop.catalogue.models import Product, VariantOptionValue
from shop.listing.offers import get_variants_for_sale

PriceRange = tuple[int | None, int | None]

# `Exists(on_sale(market, now).filter(product=OuterRef("pk")))`, which takes Django longer to write than to answer.
SOLD_SQL = """EXISTS (
    SELECT 1 FROM shop_variant JOIN shop_price ON shop_price.variant_id = shop_variant.id
    WHERE shop_variant.product_id = shop_product.id AND shop_variant.is_active
      AND shop_price.market_id = %s AND shop_price.min_qty = 1 AND shop_price.valid @> %s::timestamptz
)"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor narrowed a shelf to. `options` maps an option's slug to accepted values; `prices` are spans in
    minor units, the upper end left out. Within a group any may match, and one variant must match all groups. `widened`
    is what `search.widen` made of `q`.
    """

    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prices: tuple[PriceRange, ...] = ()
    in_stock: bool = False
    q: str = ""
    widened: str = ""


def filter_products(
    market: Any, filters: Filters, now: Any, *, columns: Collection[str] = ("price",)
) -> QuerySet[Product]:
    """Active products with a matching offer, with what lists show of them and the `columns` to order them by.

    `price` is such a column: the lowest matching amount in minor units. `market` is a key; slots may stand for all
    values.
    """
    found = Product.objects.active().for_lists(*({"created_at"} & set(columns)))
    narrowing = get_conditions(filters).values()
    if narrowing or "price" in columns:
        matching = get_variants_for_sale(market, now).filter(*narrowing, product=OuterRef("pk"))
        lowest = matching.order_by("minor").values("minor")[:1]  # type: ignore[misc]  # annotated
        found = found.filter(Exists(matching)).annotate(price=Subquery(lowest))
    else:
        found = found.filter(RawSQL(SOLD_SQL, [market, now], BooleanField()))  # noqa: S611  a constant
    return found.filter(matches_query(filters, "slug")) if filters.q else found


def get_conditions(filters: Filters) -> dict[str, Q]:
    """A condition on variants of `on_sale` for each group of filters."""
    found: dict[str, Q] = {
        f"option:{option}": Q(
            Exists(
                VariantOptionValue.objects.filter(variant=OuterRef("pk"), option__slug=option, value__slug__any=values)
            )
        )
        for option, values in filters.options.items()
    }
    if filters.prices:
        found["price"] = combine_any(_in_price_range(span) for span in filters.prices)
    if filters.in_stock:
        found["stock"] = Q(has_stock=True)
    return found


def _in_price_range(span: PriceRange) -> Q:
    low, high = span
    condition = Q() if low is None else Q(minor__gte=low)
    return condition if high is None else condition & Q(minor__lt=high)


def matches_query(filters: Filters, column: str) -> Q:
    found = SearchDocument.objects.filter(kind="product", vector=search.matching(filters.q, filters.widened))
    return Q(**{f"{column}__in": found.values("public_id")})


def combine_any(parts: Any) -> Q:
    combined = Q()
    for part in parts:
        combined |= part
    return combined
