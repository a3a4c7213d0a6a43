"""The rows of a plain list: a product, its lowest price, and stock and picture of the variant that stands for it.

An `Item` knows all its offers, of which such a list shows one. So this query brings one row a product, without
choices and without renditions; where filters leave only some variants of a product, its rows are made from items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from core.content.models import image_of
from core.media.images import Image
from core.money import Money
from core.prepared_queries import prepared
from shop.catalogue.models import Product
from shop.listing.filters import Filters
from shop.listing.offers import StockStatus, stock_status
from shop.listing.queries import Item, get_items
from shop.pricing.models import Market

LIST_ITEMS_SQL = """
SELECT asked.id, shown.lowest, shown.varies, shown.is_digital, shown.free, shown.backorder, shown.low_at,
       image.file, image.width, image.height, image.alt, image.decorative
FROM unnest(%s::bigint[]) asked(id)
CROSS JOIN LATERAL (
    SELECT variant.id, variant.is_digital, stock.free, stock.backorder, stock.low_at,
           min(price.amount) OVER () AS lowest, min(price.amount) OVER () < max(price.amount) OVER () AS varies
    FROM shop_variant variant
    JOIN shop_price price
      ON price.variant_id = variant.id AND price.market_id = %s AND price.min_qty = 1 AND price.valid @> %s::timestamptz
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(on_hand - reserved), 0) AS free, coalesce(sum(backorder_limit), 0) AS backorder,
               coalesce(max(low_at), 0) AS low_at
        FROM shop_stocklevel WHERE variant_id = variant.id
    ) stock
    WHERE variant.product_id = asked.id AND variant.is_active
    ORDER BY (variant.is_digital OR stock.free + stock.backorder > 0) DESC, variant.position, variant.id
    LIMIT 1
) shown
LEFT JOIN LATERAL (
    SELECT file, width, height, alt, decorative
    FROM shop_productimage image
    JOIN core_picture ON core_picture.id = image.picture_id
    WHERE image.product_id = asked.id AND (image.variant_id = shown.id OR image.variant_id IS NULL)
    ORDER BY image.variant_id IS NULL, image.position, image.id
    LIMIT 1
) image ON true
"""


@dataclass(frozen=True, slots=True)
class ListItem:
    """A product as a plain list shows it."""

    product: Product
    price: Money
    price_varies: bool
    stock: StockStatus
    image: Image | None

    @classmethod
    def of(cls, item: Item) -> Self:
        images = item.shown.images
        return cls(item.product, item.price, item.price_varies, item.stock, images[0] if images else None)


def get_list_items(products: Sequence[Product], market: Market, filters: Filters, now: datetime) -> list[ListItem]:
    """A page of active products as rows, in the given order; one query."""
    if filters.options or filters.prices or filters.in_stock:
        return [ListItem.of(item) for item in get_items(products, market, filters, now)]
    if not products:
        return []
    with prepared() as cursor:
        cursor.execute(LIST_ITEMS_SQL, [[product.id for product in products], market.pk, now])
        found = {key: columns for key, *columns in cursor.fetchall()}
    return [_build_list_item(product, market, *found[product.id]) for product in products if product.id in found]


def _build_list_item(  # noqa: PLR0917  the columns of a row
    product: Product,
    market: Market,
    lowest: int,
    varies: bool,
    is_digital: bool,
    free: int,
    backorder: int,
    low_at: int,
    file: str | None,
    width: int,
    height: int,
    alt: str,
    decorative: bool,
) -> ListItem:
    _in_stock, _left, stock = stock_status(is_digital=is_digital, free=free, backorder=backorder, low_at=low_at)
    image = image_of(file, width, height, alt, decorative, "", []) if file else None
    return ListItem(product, market.money(lowest), varies, stock, image)
