"""Variants as a visitor meets them: with a price, a stock and pictures. Two queries, however many."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    JSONField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import JSONObject

from core.media import Image
from core.money import Money
from shop.models import Market, Product, ProductImage, StockLevel, Variant, VariantOptionValue

UNLIMITED = 9999


class Stock(StrEnum):
    """What the shelf says of a variant."""

    IN_STOCK = "in_stock"
    LOW = "low"
    BACKORDER = "backorder"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True, slots=True)
class Choice:
    """The value a variant has of an option."""

    option: str
    option_name: str
    value: str
    name: str
    swatch: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One variant for sale. `left` is how many can be bought now, backorders included; `on_shelf` without them."""

    sku: str
    title: str
    product: Product
    price: Money
    stock: Stock
    left: int
    on_shelf: int
    weight_g: int
    is_digital: bool
    choices: tuple[Choice, ...]
    images: tuple[Image, ...]

    @property
    def can_buy(self) -> bool:
        return self.left > 0

    @property
    def label(self) -> str:
        """What it is called beside the product: its choices, or its own title."""
        return ", ".join(choice.name for choice in self.choices) or self.title

    def has(self, option: str, value: str) -> bool:
        return any(choice.option == option and choice.value == value for choice in self.choices)


def on_sale(market: Market, now: datetime) -> QuerySet[Variant]:
    """What can be put in a cart in a market, annotated with `minor` (one piece, in minor units) and `on_shelf`.

    The exclusion constraint on prices allows one row for a quantity at a moment, so the join adds no rows.
    """
    shelf = StockLevel.objects.filter(variant=OuterRef("pk"), on_hand__gt=F("reserved"))
    return (
        Variant.objects.sold()
        .filter(prices__market=market, prices__min_qty=1, prices__valid__contains=now)
        .annotate(
            minor=F("prices__amount"),
            on_shelf=ExpressionWrapper(Exists(shelf) | Q(is_digital=True), output_field=BooleanField()),
        )
    )


def offers(variants: QuerySet[Variant], market: Market) -> list[Offer]:
    """The offers of some variants of `on_sale`, in their own order."""
    rows: list[Any] = list(
        variants.select_related("product").annotate(
            levels_now=Subquery(_levels(), output_field=JSONField()), choices_now=ArraySubquery(_choices())
        )
    )
    pictures = _pictures({row.product_id for row in rows})
    return [_offer(row, market, pictures[row.product_id]) for row in rows]


def by_product(found: Iterable[Offer]) -> dict[int, list[Offer]]:
    """Offers grouped by the key of their product."""
    grouped: dict[int, list[Offer]] = defaultdict(list)
    for offer in found:
        grouped[offer.product.pk].append(offer)
    return grouped


def _levels() -> QuerySet[Any, Any]:
    counted = StockLevel.objects.filter(variant=OuterRef("pk")).order_by().values("variant")
    sums = JSONObject(
        on_hand=Sum("on_hand"), reserved=Sum("reserved"), backorder=Sum("backorder_limit"), low=Max("low_at")
    )
    return counted.annotate(sums=sums).values("sums")


def _choices() -> QuerySet[Any, Any]:
    chosen = VariantOptionValue.objects.filter(variant=OuterRef("pk")).order_by("option__position", "option_id")
    names = {
        "option": "option__slug",
        "option_name": "option__name",
        "value": "value__slug",
        "name": "value__name",
        "swatch": "value__swatch",
    }
    return chosen.values(json=JSONObject(**names))


def _pictures(product_ids: Iterable[int]) -> dict[int, list[ProductImage]]:
    found: dict[int, list[ProductImage]] = defaultdict(list)
    for image in ProductImage.objects.filter(product__in=product_ids).select_related("picture"):
        found[image.product_id].append(image)
    return found


def _offer(row: Any, market: Market, pictures: Sequence[ProductImage]) -> Offer:
    level = row.levels_now or {"on_hand": 0, "reserved": 0, "backorder": 0, "low": 0}
    on_shelf = UNLIMITED if row.is_digital else max(level["on_hand"] - level["reserved"], 0)
    left = UNLIMITED if row.is_digital else max(level["on_hand"] - level["reserved"] + level["backorder"], 0)
    own = [image for image in pictures if image.variant_id == row.pk]
    shared = [image for image in pictures if image.variant_id is None]
    return Offer(
        sku=row.sku,
        title=row.title,
        product=row.product,
        price=market.money(row.minor),
        stock=_stock(on_shelf, left, level["low"]),
        left=left,
        on_shelf=on_shelf,
        weight_g=row.weight_g,
        is_digital=row.is_digital,
        choices=tuple(Choice(**choice) for choice in row.choices_now),
        images=tuple(image.picture.image for image in (*own, *shared)),
    )


def _stock(on_shelf: int, left: int, low_at: int) -> Stock:
    if on_shelf > low_at:
        return Stock.IN_STOCK
    if on_shelf:
        return Stock.LOW
    return Stock.BACKORDER if left else Stock.SOLD_OUT
