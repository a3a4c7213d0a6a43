"""Variants as a visitor meets them: with a price, a stock and pictures. One query, however many.

The query is written by hand: it is behind every list, page and card of the shop, and putting it together from Django's
parts took longer than PostgreSQL takes to answer it. `on_sale` says the same to Django, for what filters and counts.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from core.content.models import image_of
from core.media.images import Image
from core.money import Money
from core.prepared_queries import prepared
from shop.catalogue.models import Product, Variant
from shop.pricing.models import Market
from shop.stock.models import StockLevel

UNLIMITED = 9999

# One row a variant. The choices are an array of the five texts of each; the pictures are JSON, read where one is drawn.
OFFERS_SQL = """
SELECT variant.product_id, variant.sku, variant.title, variant.weight_g, variant.is_digital, price.amount,
       coalesce(stock.free, 0), coalesce(stock.backorder, 0), coalesce(stock.low_at, 0),
       coalesce(stock.in_warehouse, false),
       (
           SELECT array_agg(ARRAY[option.slug, option.name, value.slug, value.name, value.swatch]
                            ORDER BY option.position, option.id)
           FROM shop_variantoptionvalue chosen
           JOIN shop_option option ON option.id = chosen.option_id
           JOIN shop_optionvalue value ON value.id = chosen.value_id
           WHERE chosen.variant_id = variant.id
       ),
       picture.drawn
FROM shop_variant variant
JOIN shop_price price
  ON price.variant_id = variant.id AND price.market_id = %s AND price.min_qty = 1 AND price.valid @> %s::timestamptz
LEFT JOIN LATERAL (
    SELECT sum(on_hand - reserved) AS free, sum(backorder_limit) AS backorder, max(low_at) AS low_at,
           bool_or(on_hand > reserved) AS in_warehouse
    FROM shop_stocklevel WHERE variant_id = variant.id
) stock ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(file, width, height, alt, decorative, color, renditions))::text AS drawn
    FROM (
        SELECT file, width, height, alt, decorative, color, renditions
        FROM shop_productimage image
        JOIN core_picture ON core_picture.id = image.picture_id
        WHERE image.product_id = variant.product_id AND (image.variant_id = variant.id OR image.variant_id IS NULL)
        ORDER BY image.variant_id IS NULL, image.position, image.id
        LIMIT %s
    ) drawn
) picture ON true
WHERE variant.product_id = ANY(%s) AND variant.is_active
ORDER BY variant.position, variant.id
"""


class StockStatus(StrEnum):
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
    """One variant for sale. `left` is how many can be bought now, backorders included; `in_stock` without them.

    `in_warehouse` is true if a warehouse has a free item. `pictures` are its own, then those of all variants, as JSON.
    """

    sku: str
    title: str
    product: Product
    price: Money
    stock: StockStatus
    left: int
    in_stock: int
    in_warehouse: bool
    weight_g: int
    is_digital: bool
    choices: tuple[Choice, ...]
    pictures: str | None

    @property
    def images(self) -> tuple[Image, ...]:
        return _load_images(self.pictures) if self.pictures else ()

    @property
    def can_buy(self) -> bool:
        return self.left > 0

    @property
    def label(self) -> str:
        """What it is called beside the product: its choices, or its own title."""
        return ", ".join(choice.name for choice in self.choices) or self.title

    def has(self, option: str, value: str) -> bool:
        return any(choice.option == option and choice.value == value for choice in self.choices)


def get_variants_for_sale(market: Any, now: Any) -> QuerySet[Variant]:
    """What can be put in a cart, annotated with `minor` (one piece, in minor units) and `has_stock`.

    `market` is a key; slots may stand for both. The exclusion constraint on prices allows one row for a quantity at a
    moment, so the join adds no rows.
    """
    shelf = StockLevel.objects.filter(variant=OuterRef("pk"), on_hand__gt=F("reserved"))
    return (
        Variant.objects.for_sale()
        .filter(prices__market=market, prices__min_qty=1, prices__valid__contains=now)
        .annotate(
            minor=F("prices__amount"),
            has_stock=ExpressionWrapper(Exists(shelf) | Q(is_digital=True), output_field=BooleanField()),
        )
    )


def get_offers(
    products: Iterable[Product], market: Market, now: datetime, *, pictures: int | None = None
) -> list[Offer]:
    """The offers of some active products in the order of their variants, with at most `pictures` each; one query."""
    known = {product.pk: product for product in products if product.status == Product.Status.ACTIVE}
    if not known:
        return []
    with prepared() as cursor:
        cursor.execute(OFFERS_SQL, [market.pk, now, pictures, list(known)])
        return [_build_offer(known[row[0]], market, *row[1:]) for row in cursor.fetchall()]


def group_by_product(found: Iterable[Offer]) -> Mapping[int, list[Offer]]:
    """Offers grouped by the key of their product."""
    grouped: dict[int, list[Offer]] = defaultdict(list)
    for offer in found:
        grouped[offer.product.pk].append(offer)
    return grouped


@lru_cache(1000)
def _load_images(pictures: str) -> tuple[Image, ...]:
    return tuple(image_of(*picture) for picture in json.loads(pictures))


def _build_offer(  # noqa: PLR0917  the columns of a row
    product: Product,
    market: Market,
    sku: str,
    title: str,
    weight_g: int,
    is_digital: bool,
    minor: int,
    free: int,
    backorder: int,
    low_at: int,
    in_warehouse: bool,
    choices: list[list[str]] | None,
    pictures: str | None,
) -> Offer:
    in_stock, left, stock = stock_status(is_digital=is_digital, free=free, backorder=backorder, low_at=low_at)
    return Offer(
        sku=sku,
        title=title,
        product=product,
        price=market.money(minor),
        stock=stock,
        left=left,
        in_stock=in_stock,
        weight_g=weight_g,
        is_digital=is_digital,
        in_warehouse=in_warehouse or is_digital,
        choices=tuple(Choice(*texts) for texts in choices or ()),
        pictures=pictures,
    )


def stock_status(*, is_digital: bool, free: int, backorder: int, low_at: int) -> tuple[int, int, StockStatus]:
    """How many lie on the shelf, how many can be bought, and what the shelf says; `low_at` and fewer are few."""
    in_stock = UNLIMITED if is_digital else max(free, 0)
    left = UNLIMITED if is_digital else max(free + backorder, 0)
    if in_stock > low_at:
        return in_stock, left, StockStatus.IN_STOCK
    if in_stock:
        return in_stock, left, StockStatus.LOW
    return in_stock, left, StockStatus.BACKORDER if left else StockStatus.SOLD_OUT
