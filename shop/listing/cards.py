"""Products and orders, small, for other apps to show: a piece in a post, an order in a conversation.

A card of kind "product" answers to a product's slug or to the SKU of one variant. Whoever shows it may add a signed
`ref` (core/refs.py) to the fields of its action, so that the purchase is known to have come from there.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from core.composition import cards
from core.composition.cards import Action, Card
from core.context import Grant
from core.media.images import Image
from core.prepared_queries import PreparedQuery
from core.web.cached_urls import address, plain
from shop.catalogue.models import Category, Product, Variant
from shop.catalogue.queries import get_current_ids
from shop.listing.offers import Offer, StockStatus, get_offers, group_by_product
from shop.listing.queries import Item
from shop.pricing import queries as pricing_queries

MAX_NAMED_CHOICES = 3
# Products by slug or by the SKU of a variant; two look-ups in indexes, where an OR would read all products.
PRODUCTS_BY_ID = PreparedQuery(
    lambda ids: (
        Product.objects.active()
        .for_lists()
        .filter(
            pk__in=Product.objects.filter(slug__any=ids)
            .values("pk")
            .union(Variant.objects.filter(sku__any=ids).values("product"))
        )
    )
)


@cards.register("product")
def product_cards(ids: list[str], viewer: Grant) -> Mapping[str, Card]:
    """Cards by slug or SKU, of today or former, of what is for sale in the default market; three queries however many,
    and five more when some of them are not found.
    """
    made = _build_product_cards(ids)
    missing = [public_id for public_id in ids if public_id not in made]
    renamed = get_current_ids(missing) if missing else {}
    if renamed:
        today = _build_product_cards(list(renamed.values()))
        made |= {former: today[current] for former, current in renamed.items() if current in today}
    return made


def _build_product_cards(ids: list[str]) -> dict[str, Card]:
    market, now = pricing_queries.get_default_market(), timezone.now()
    found = get_offers(PRODUCTS_BY_ID(ids=ids), market, now, pictures=1)
    by_sku = {offer.sku: offer for offer in found}
    by_slug = {some[0].product.slug: Item(some[0].product, some) for some in group_by_product(found).values()}
    made: dict[str, Card] = {}
    for public_id in ids:
        if public_id in by_sku:
            made[public_id] = build_offer_card(by_sku[public_id])
        elif public_id in by_slug:
            made[public_id] = build_item_card(by_slug[public_id])
    return made


@cards.register("category")
def category_cards(slugs: list[str], viewer: Grant) -> Mapping[str, Card]:
    """Cards of shelves, by slug; one query."""
    found = Category.objects.filter(slug__in=slugs).select_related("picture")
    return {
        shelf.slug: Card(
            kind="category",
            id=shelf.slug,
            title=shelf.name,
            url=address("shop:category", shelf.slug),
            image=shelf.picture.image if shelf.picture else None,
        )
        for shelf in found
    }


def build_offer_card(offer: Offer) -> Card:
    """One variant."""
    return Card(
        kind="product",
        id=offer.sku,
        title=offer.product.title,
        url=f"{get_product_url(offer.product.slug)}?variant={offer.sku}",
        summary=offer.product.summary,
        image=get_first_image(offer),
        price=offer.price,
        state=get_stock_label(offer),
        note=offer.label,
        action=build_add_action(offer),
    )


def build_item_card(item: Item, *, is_exact: bool = False) -> Card:
    """A product. One press buys the variant that is shown; where prices differ, the press leads to the choice.

    An exact card leads to the shown variant. Prices of what is sold out do not count while something can be bought.
    """
    offer = item.shown
    offered = [one for one in item.offers if one.can_buy] or item.offers
    price_varies = len({one.price for one in offered}) > 1
    url = (
        f"{get_product_url(item.product.slug)}?variant={offer.sku}" if is_exact else get_product_url(item.product.slug)
    )
    choose = Action(_("Choose options"), url) if offer.can_buy else None
    return Card(
        kind="product",
        id=item.product.slug,
        title=item.product.title,
        url=url,
        summary=item.product.summary,
        image=get_first_image(offer),
        price=min(one.price for one in offered),
        is_price_from=price_varies,
        state=get_stock_label(offer),
        note=_get_choices_label([offer, *item.offers]),
        action=choose if price_varies else build_add_action(offer),
    )


def get_product_url(slug: str) -> str:
    return address("shop:product", slug)


def get_first_image(offer: Offer) -> Image | None:
    return offer.images[0] if offer.images else None


def get_stock_label(offer: Offer) -> str:
    """What is worth saying of the stock: nothing while there is plenty."""
    if offer.stock == StockStatus.LOW:
        return _("Only %(count)d left") % {"count": offer.in_stock}
    if offer.stock == StockStatus.BACKORDER:
        return _("Made to order")
    return _("Out of stock") if offer.stock == StockStatus.SOLD_OUT else ""


def build_add_action(offer: Offer) -> Action | None:
    """One press puts it in the cart; None when it cannot be bought."""
    if not offer.can_buy:
        return None
    return Action(_("Add to cart"), plain("shop:add_line"), "post", {"sku": offer.sku, "quantity": "1"})


def _get_choices_label(some: Sequence[Offer]) -> str:
    """The names of what there is to choose, that of the first offer first: "Celadon, Moss and 3 more"."""
    names = _distinct(offer.choices[0].name for offer in some if offer.choices)
    if len(names) <= MAX_NAMED_CHOICES:
        return ", ".join(names)
    named, more = names[: MAX_NAMED_CHOICES - 1], len(names) - MAX_NAMED_CHOICES + 1
    return _("%(names)s and %(count)d more") % {"names": ", ".join(named), "count": more}


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
