"""What the shop writes letters about: a piece that was sold out is back."""

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.subscriptions import topics
from accounts.subscriptions.topics import Topic, TopicInfo
from core.context import Grant
from shop.catalogue.models import Product, Variant
from shop.catalogue.queries import get_current_ids, get_current_sku
from shop.listing.cards import get_product_url
from shop.stock.models import StockLevel

STOCK_TOPIC = "stock"


def get_stock_topic(sku: str) -> str:
    """The topic of a piece that is sold out."""
    return f"{STOCK_TOPIC}:{sku}"


def get_available_variants() -> QuerySet[Variant]:
    """Pieces of which one can be had now."""
    free = StockLevel.objects.filter(variant=OuterRef("pk"), reserved__lt=F("on_hand") + F("backorder_limit"))
    return Variant.objects.filter(Exists(free), product__status=Product.Status.ACTIVE).select_related("product")


def _find(ids: Collection[str], viewer: Grant) -> Mapping[str, TopicInfo]:
    current = {sku: sku for sku in ids} | get_current_ids(ids)
    known = Variant.objects.filter(sku__in=current.values(), product__status=Product.Status.ACTIVE)
    pieces = {piece.sku: TopicInfo(_title(piece), _link(piece)) for piece in known.select_related("product")}
    return {sku: pieces[today] for sku, today in current.items() if today in pieces}


def _write(sku: str) -> Mapping[str, Any] | None:
    """Nothing when it is gone again before the letter went out."""
    piece = get_available_variants().filter(sku=get_current_sku(sku)).first()
    return None if piece is None else {"title": _title(piece), "url": f"{settings.SITE_URL}{_link(piece)}"}


def _title(piece: Variant) -> str:
    return f"{piece.product.title}, {piece.title}" if piece.title else piece.product.title


def _link(piece: Variant) -> str:
    return f"{get_product_url(piece.product.slug)}?variant={piece.sku}"


topics.register(
    Topic(
        kind=STOCK_TOPIC,
        words=_("A product is back in stock"),
        reason=_("You received this email because you asked to be notified when this product is back in stock."),
        template="back_in_stock",
        find=_find,
        write=_write,
        ends_after_first=True,
    )
)
