"""What a product page says to machines, in schema.org's words."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from shop.listing.offers import Offer, StockStatus
from shop.storefront.queries import ProductPage

AVAILABILITY = {
    StockStatus.IN_STOCK: "https://schema.org/InStock",
    StockStatus.LOW: "https://schema.org/LimitedAvailability",
    StockStatus.BACKORDER: "https://schema.org/BackOrder",
    StockStatus.SOLD_OUT: "https://schema.org/OutOfStock",
}
# Inside <script> only these could end the block or begin another.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def build_product(page: ProductPage, *, url: str, site: str) -> dict[str, Any]:
    """A Product with an offer for each variant. `url` is absolute, `site` the origin of pictures kept here."""
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": page.product.title,
        "description": page.product.summary,
        "url": url,
        "category": page.product.category.name,
        "image": [image.url if "://" in image.url else f"{site}{image.url}" for image in page.images],
        "offers": [_build_offer(offer, url) for offer in page.offers],
    }
    if page.product.rating is not None:
        found["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": round(page.product.rating, 1),
            "reviewCount": page.product.rating_count,
        }
    return found


def render_script(data: dict[str, Any]) -> SafeString:
    """The data as a block that no content can break out of."""
    text = json.dumps(data, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


def _build_offer(offer: Offer, url: str) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "sku": offer.sku,
        "price": str(offer.price.amount),
        "priceCurrency": offer.price.currency,
        "availability": AVAILABILITY[offer.stock],
        "itemCondition": "https://schema.org/NewCondition",
        "url": f"{url}?variant={offer.sku}",
    }
