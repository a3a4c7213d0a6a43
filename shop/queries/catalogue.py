"""What is on the shelves: lists with filters and their counts.

A list costs a fixed number of queries. Counts and totals are taken over the most popular `COUNTED` products of a
shelf, and at most every `COUNTS_SECONDS`, so that a huge shelf is not counted whole on every visit; a total at that
limit reads "or more".
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from core.models import SearchDocument
from core.money import Money
from core.paging import Page, keyset
from core.shortly import shortly
from shop.models import Category, Market, Product, Variant, VariantOptionValue
from shop.queries.offers import Offer, Stock, by_product, offers, on_sale

COUNTED = 5000
PAGE_SIZE = 24
PRICE_STEPS = (25, 50, 100)
COUNTS_SECONDS = 10
Span = tuple[int | None, int | None]

# `Exists(on_sale(market, now).filter(product=OuterRef("pk")))`, which takes Django longer to write than to answer.
SOLD = """EXISTS (
    SELECT 1 FROM shop_variant JOIN shop_price ON shop_price.variant_id = shop_variant.id
    WHERE shop_variant.product_id = shop_product.id AND shop_variant.is_active
      AND shop_price.market_id = %s AND shop_price.min_qty = 1 AND shop_price.valid @> %s::timestamptz
)"""

ORDERS: Mapping[str, tuple[str, ...]] = {
    "-popularity": ("-popularity", "-id"),
    "-created_at": ("-created_at", "-id"),
    "price": ("price", "id"),
    "-price": ("-price", "-id"),
    "title": ("title", "id"),
}
DEFAULT_ORDER = "-popularity"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor narrowed a shelf to. `options` maps an option's slug to accepted values; `prices` are spans in
    minor units, the upper end left out. Within a group any may match, and one variant must match all groups.
    """

    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prices: tuple[Span, ...] = ()
    in_stock: bool = False
    q: str = ""


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
    def stock(self) -> Stock:
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
class Shelf:
    """A page of a list with the filters that go with it. `total` counts at most `COUNTED` products."""

    items: Sequence[Item]
    page: Page[Product]
    total: int
    in_stock: int
    options: Sequence[Facet]
    prices: Sequence[tuple[Span, int]]

    @property
    def is_capped(self) -> bool:
        return self.total >= COUNTED


@shortly(key=lambda: ())
def default_market() -> Market:
    """The market of visitors, asked for once a second. Raises ShopNotOpen."""
    return Market.objects.default()


@shortly(key=lambda: ())
def categories() -> list[Any]:
    """All categories in tree order, each with `tree_path` (keys from the root) and `tree_depth`; one query a second."""
    return list(Category.objects.with_tree_fields().select_related("picture"))


def category_ids(slug: str) -> list[int]:
    """The keys of a category and all below it; empty when there is none such. One query."""
    found = categories()
    root = next((category.pk for category in found if category.slug == slug), None)
    return [category.pk for category in found if root in category.tree_path]


def products(
    market: Market,
    filters: Filters,
    now: datetime,
    within: Sequence[int] | None = None,
    *,
    columns: Collection[str] = ("price",),
) -> QuerySet[Product]:
    """Active products with a matching offer, with what lists show of them and the `columns` to order them by.

    `price` is such a column: the lowest matching amount in minor units.
    """
    found = Product.objects.active().for_lists(*({"created_at"} & set(columns)))
    narrowing = conditions(filters).values()
    if narrowing or "price" in columns:
        matching = on_sale(market, now).filter(*narrowing, product=OuterRef("pk"))
        lowest = matching.order_by("minor").values("minor")[:1]  # type: ignore[misc]  # annotated
        found = found.filter(Exists(matching)).annotate(price=Subquery(lowest))
    else:
        found = found.filter(RawSQL(SOLD, [market.pk, now], BooleanField()))  # noqa: S611  a constant
    if within is not None:
        found = found.filter(category__in=within)
    return found.filter(_named(filters.q, "slug")) if filters.q else found


def items(rows: Sequence[Product], market: Market, filters: Filters, now: datetime) -> list[Item]:
    """Products as list items, in the given order; one query."""
    found = by_product(offer for offer in offers(rows, market, now, pictures=1) if _matches(offer, filters))
    return [Item(row, found[row.pk]) for row in rows if row.pk in found]


def shelf(
    market: Market, filters: Filters, now: datetime, *, within: Sequence[int] | None, order: str, cursor: str
) -> Shelf:
    """One page of a list with its filters; four queries. Raises core.paging.BadCursor."""
    by = ORDERS[order]
    columns = [column.removeprefix("-") for column in by]
    page = keyset(products(market, filters, now, within, columns=columns), by=by, cursor=cursor, size=PAGE_SIZE)
    counts = _counts(market, filters, now, within)
    return Shelf(items=items(page.items, market, filters, now), page=page, **counts)


def price_spans(market: Market) -> list[Span]:
    """The fixed price ranges visitors choose from, in minor units."""
    edges = [Money.parse(str(step), market.currency).minor for step in PRICE_STEPS]
    return list(zip([None, *edges], [*edges, None], strict=True))


def conditions(filters: Filters) -> dict[str, Q]:
    """A condition on variants of `on_sale` for each group of filters."""
    found: dict[str, Q] = {
        f"option:{option}": Q(
            Exists(
                VariantOptionValue.objects.filter(variant=OuterRef("pk"), option__slug=option, value__slug__in=values)
            )
        )
        for option, values in filters.options.items()
    }
    if filters.prices:
        found["price"] = _any(_in_span(span) for span in filters.prices)
    if filters.in_stock:
        found["stock"] = Q(on_shelf=True)
    return found


def _matches(offer: Offer, filters: Filters) -> bool:
    """What `conditions` says, of an offer at hand."""
    minor = offer.price.minor
    return (
        all(any(offer.has(option, value) for value in values) for option, values in filters.options.items())
        and (
            not filters.prices
            or any((low or 0) <= minor and (high is None or minor < high) for low, high in filters.prices)
        )
        and (not filters.in_stock or offer.lies)
    )


def _same_counts(market: Market, filters: Filters, now: datetime, within: Sequence[int] | None) -> Hashable:
    options = tuple(sorted(filters.options.items()))
    return (market.pk, options, filters.prices, filters.in_stock, filters.q, within and tuple(within))


@shortly(seconds=COUNTS_SECONDS, key=_same_counts)
def _counts(market: Market, filters: Filters, now: datetime, within: Sequence[int] | None) -> dict[str, Any]:
    """The numbers beside a list; two queries. They cost more than the list itself, and may be ten seconds old."""
    counted = _counted(market, filters, now, within)
    sums = counted.aggregate(**_sums(market, filters))
    return {
        "total": sums["total"],
        "in_stock": sums["in_stock"],
        "options": _option_facets(counted, filters),
        "prices": [(span, sums[f"span_{index}"]) for index, span in enumerate(price_spans(market))],
    }


def _counted(market: Market, filters: Filters, now: datetime, within: Sequence[int] | None) -> QuerySet[Variant]:
    shelves = Product.objects.active()
    if within is not None:
        shelves = shelves.filter(category__in=within)
    if filters.q:
        shelves = shelves.filter(_named(filters.q, "slug"))
    popular = shelves.order_by("-popularity", "-id").values("pk")[:COUNTED]
    return on_sale(market, now).filter(product__in=popular).order_by()


def _sums(market: Market, filters: Filters) -> dict[str, Count]:
    def products_where(*conditions_: Q) -> Count:
        return Count("product", distinct=True, filter=_all(conditions_))

    return {
        "total": products_where(*conditions(filters).values()),
        "in_stock": products_where(*conditions(replace(filters, in_stock=True)).values()),
        **{
            f"span_{index}": products_where(*conditions(replace(filters, prices=(span,))).values())
            for index, span in enumerate(price_spans(market))
        },
    }


def _option_facets(counted: QuerySet[Variant], filters: Filters) -> list[Facet]:
    """Counts of each option's values as if nothing of that option were chosen; one query."""
    others = {
        option: _all(
            conditions(replace(filters, options={k: v for k, v in filters.options.items() if k != option})).values()
        )
        for option in filters.options
    }
    everything = _all(conditions(filters).values())
    counts_when = _any(Q(option_values__option__slug=option) & other for option, other in others.items()) | (
        ~Q(option_values__option__slug__in=list(others)) & everything
    )
    rows = (
        counted.filter(option_values__isnull=False)
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
    grouped: dict[tuple[str, str], list[FacetValue]] = {}
    for row in rows:
        checked = row["value"] in filters.options.get(row["option"], ())
        value = FacetValue(f"{row['option']}:{row['value']}", row["name"], row["n"], checked, row["swatch"])
        grouped.setdefault((row["option"], row["option_name"]), []).append(value)
    return [Facet(option, name, values) for (option, name), values in grouped.items()]


def _in_span(span: Span) -> Q:
    low, high = span
    condition = Q() if low is None else Q(minor__gte=low)
    return condition if high is None else condition & Q(minor__lt=high)


def _named(q: str, column: str) -> Q:
    query = SearchQuery(q, search_type="websearch", config="english")
    return Q(**{f"{column}__in": SearchDocument.objects.filter(kind="product", vector=query).values("public_id")})


def _all(parts: Any) -> Q:
    combined = Q()
    for part in parts:
        combined &= part
    return combined


def _any(parts: Any) -> Q:
    combined = Q()
    for part in parts:
        combined |= part
    return combined
