"""What is on the shelves: lists with filters and their counts.

A list costs a fixed number of queries. Counts and totals are taken over the most popular `COUNTED` products of a
shelf, and at most every `COUNTS_SECONDS`, so that a huge shelf is not counted whole on every visit; a total at that
limit reads "or more".
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value

from core.keyset_pagination import Page
from core.money import Money
from core.prepared_queries import Param, PreparedQuery
from core.ttl_cache import ttl_cache
from shop.catalogue.models import Category, Product, Variant
from shop.listing import query_shapes
from shop.listing.filters import Filters, PriceRange, combine_any, get_conditions, matches_query
from shop.listing.offers import Offer, StockStatus, get_offers, get_variants_for_sale, group_by_product
from shop.listing.pagination import paginate_products
from shop.listing.query_shapes import QueryShape
from shop.pricing.models import Market

MAX_COUNTED = 5000
PAGE_SIZE = 24
PRICE_RANGE_EDGES = (25, 50, 100)
COUNTS_TTL_SECONDS = 30

ORDERINGS: Mapping[str, tuple[str, ...]] = {
    "-popularity": ("-popularity", "-id"),
    "-created_at": ("-created_at", "-id"),
    "price": ("price", "id"),
    "-price": ("-price", "-id"),
    "title": ("title", "id"),
}
DEFAULT_ORDERING = "-popularity"


@dataclass(frozen=True, slots=True)
class Item:
    """A product on a shelf with those of its offers that match."""

    product: Product
    offers: Sequence[Offer]

    @property
    def shown(self) -> Offer:
        """The offer that stands for the product: the first that can be bought."""
        return next((offer for offer in self.offers if offer.can_buy), self.offers[0])

    @property
    def price(self) -> Money:
        return min(offer.price for offer in self.offers)

    @property
    def price_varies(self) -> bool:
        return len({offer.price for offer in self.offers}) > 1

    @property
    def stock(self) -> StockStatus:
        return self.shown.stock


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One filter a visitor may set, with how many products it leaves."""

    value: str
    label: str
    count: int
    checked: bool
    swatch: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of filters."""

    name: str
    label: str
    values: Sequence[FacetValue]


@dataclass(frozen=True, slots=True)
class ProductList:
    """A page of a list with the filters that go with it. `total` counts at most `COUNTED` products."""

    items: Sequence[Item]
    page: Page[Product]
    total: int
    in_stock: int
    options: Sequence[Facet]
    prices: Sequence[tuple[PriceRange, int]]

    @property
    def is_capped(self) -> bool:
        return self.total >= MAX_COUNTED


@ttl_cache(key=lambda: ())
def get_categories() -> list[Any]:
    """All categories in tree order, each with `tree_path` (keys from the root) and `tree_depth`; one query a second."""
    return list(Category.objects.with_tree_fields().select_related("picture"))


def get_category_ids(slug: str) -> list[int]:
    """The keys of a category and all below it; empty when there is none such. One query."""
    found = get_categories()
    root = next((category.pk for category in found if category.slug == slug), None)
    return [category.pk for category in found if root in category.tree_path]


def get_items(rows: Sequence[Product], market: Market, filters: Filters, now: datetime) -> list[Item]:
    """Products as list items, in the given order; one query."""
    found = group_by_product(offer for offer in get_offers(rows, market, now, pictures=1) if _matches(offer, filters))
    return [Item(row, found[row.pk]) for row in rows if row.pk in found]


def get_product_list(
    market: Market, filters: Filters, now: datetime, *, within: Sequence[int] | None, order: str, cursor: str
) -> ProductList:
    """One page of a list with its filters; four queries. Raises core.keyset_pagination.BadCursor."""
    page = paginate_products(market, filters, now, within=within, by=ORDERINGS[order], cursor=cursor, size=PAGE_SIZE)
    counts = _get_counts(market, filters, now, within)
    return ProductList(items=get_items(page.items, market, filters, now), page=page, **counts)


def get_price_ranges(market: Market) -> list[PriceRange]:
    """The fixed price ranges visitors choose from, in minor units."""
    edges = [Money.parse(str(step), market.currency).minor for step in PRICE_RANGE_EDGES]
    return list(zip([None, *edges], [*edges, None], strict=True))


def _matches(offer: Offer, filters: Filters) -> bool:
    """What `conditions` says, of an offer at hand."""
    minor = offer.price.minor
    return (
        all(any(offer.has(option, value) for value in values) for option, values in filters.options.items())
        and (
            not filters.prices
            or any((low or 0) <= minor and (high is None or minor < high) for low, high in filters.prices)
        )
        and (not filters.in_stock or offer.in_warehouse)
    )


def _get_counts_key(market: Market, filters: Filters, now: datetime, within: Sequence[int] | None) -> Hashable:
    options = tuple(sorted(filters.options.items()))
    return (market.pk, options, filters.prices, filters.in_stock, filters.q, within and tuple(within))


@ttl_cache(seconds=COUNTS_TTL_SECONDS, key=_get_counts_key)
def _get_counts(market: Market, filters: Filters, now: datetime, within: Sequence[int] | None) -> dict[str, Any]:
    """The numbers beside a list; two queries. They cost more than the list itself, and may be half a minute old."""
    spans, shape = tuple(get_price_ranges(market)), QueryShape.of(filters, within)
    filled = query_shapes.get_query_values(market, filters, now, within)
    [sums] = _prepare_sums(shape, spans)(**filled)
    return {
        "total": sums["total"],
        "in_stock": sums["here"],
        "options": _build_option_facets(_prepare_option_counts(shape)(**filled), filters),
        "prices": [(span, sums[f"span_{index}"]) for index, span in enumerate(spans)],
    }


def _get_counted_variants(shape: QueryShape) -> QuerySet[Variant]:
    shelves = shape.in_categories(Product.objects.active())
    if shape.has_words:
        shelves = shelves.filter(matches_query(shape.filters, "slug"))
    popular = shelves.order_by("-popularity", "-id").values("pk")[:MAX_COUNTED]
    return get_variants_for_sale(Param("market"), Param("now")).filter(product__in=popular).order_by()


@lru_cache(query_shapes.MAX_SHAPES)
def _prepare_sums(shape: QueryShape, spans: tuple[PriceRange, ...]) -> PreparedQuery[dict[str, int]]:
    """How many products match, lie on the shelf, and fall in each span as if no price were chosen; one row."""

    def products_where(filters: Filters) -> Count:
        return Count("product", distinct=True, filter=_combine_all(get_conditions(filters).values()))

    filters = shape.filters
    sums = {
        "total": products_where(filters),
        "here": products_where(replace(filters, in_stock=True)),
        **{f"span_{index}": products_where(replace(filters, prices=(span,))) for index, span in enumerate(spans)},
    }
    row: Any = _get_counted_variants(shape).values(all=Value(1)).annotate(**sums)
    return PreparedQuery(lambda: row, is_planned_once=False)


@lru_cache(query_shapes.MAX_SHAPES)
def _prepare_option_counts(shape: QueryShape) -> PreparedQuery[dict[str, Any]]:
    """How many products each option's values leave, as if nothing of that option were chosen."""
    filters = shape.filters
    others = {
        option: _combine_all(
            get_conditions(replace(filters, options={k: v for k, v in filters.options.items() if k != option})).values()
        )
        for option in filters.options
    }
    everything = _combine_all(get_conditions(filters).values())
    counts_when = combine_any(Q(option_values__option__slug=option) & other for option, other in others.items()) | (
        ~Q(option_values__option__slug__in=list(others)) & everything
    )
    rows: Any = (
        _get_counted_variants(shape)
        .filter(option_values__isnull=False)
        .values(
            option=F("option_values__option__slug"),
            option_name=F("option_values__option__name"),
            value=F("option_values__value__slug"),
            name=F("option_values__value__name"),
            swatch=F("option_values__value__swatch"),
        )
        .annotate(n=Count("product", distinct=True, filter=counts_when))
        .order_by("option_values__option__position", "option_values__value__position", "value")
    )
    return PreparedQuery(lambda: rows, is_planned_once=False)


def _build_option_facets(rows: Sequence[dict[str, Any]], filters: Filters) -> list[Facet]:
    grouped: dict[tuple[str, str], list[FacetValue]] = {}
    for row in rows:
        checked = row["value"] in filters.options.get(row["option"], ())
        value = FacetValue(f"{row['option']}:{row['value']}", row["name"], row["n"], checked, row["swatch"])
        grouped.setdefault((row["option"], row["option_name"]), []).append(value)
    return [Facet(option, name, values) for (option, name), values in grouped.items()]


def _combine_all(parts: Any) -> Q:
    combined = Q()
    for part in parts:
        combined &= part
    return combined
