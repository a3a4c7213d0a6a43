"""One product as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from core.composition import cross_references
from core.media.images import Image
from core.prepared_queries import PreparedQuery
from core.ttl_cache import ttl_cache
from shop.catalogue.models import Category, Product
from shop.catalogue.queries import get_current_sku
from shop.listing.offers import Offer, get_offers, group_by_product
from shop.listing.options import DisplayedOption, build_options, choose_offer
from shop.listing.queries import Item
from shop.pricing.models import Market
from shop.reviews.models import Review
from shop.shipping.models import ShippingMethod
from shop.shipping.queries import ShippingOption, add_working_days, get_delivery

MAX_RELATED = 4
MAX_REVIEWS = 6
MAX_STORIES = 3
STAR_VALUES = (5, 4, 3, 2, 1)

# What a product's page asks; the arguments are slots (core.prepared_queries).
STAR_COUNTS = (
    Review.objects.published().filter(product=OuterRef("pk")).order_by().values("rating").annotate(n=Count("pk"))
)
PRODUCT_QUERY = PreparedQuery(
    lambda slug: (
        Product.objects.visible()
        .select_related("category__parent__parent__parent")
        .annotate(counted=ArraySubquery(STAR_COUNTS.values(json=JSONObject(rating="rating", n="n"))))
        .filter(slug=slug)
    )
)
RELATED_QUERY = PreparedQuery(
    lambda category, product: (
        Product.objects.active()
        .for_lists()
        .filter(category=category)
        .exclude(pk=product)
        .order_by("-popularity", "-id")[:MAX_RELATED]
    )
)
REVIEWS_QUERY = PreparedQuery(
    lambda product: Review.objects.published().filter(product=product).select_related("user")[:MAX_REVIEWS]
)


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product, the offer that is looked at, and what stands around it. `offer` is None when nothing is for sale."""

    product: Product
    market: Market
    categories: Sequence[Category]
    offers: Sequence[Offer]
    offer: Offer | None
    related: Sequence[Item]
    reviews: Sequence[Review]
    stars: Sequence[tuple[int, int]]
    stories: Sequence[str]
    delivery: ShippingOption | None

    @property
    def options(self) -> list[DisplayedOption]:
        return build_options(self.offers, self.offer)

    @property
    def images(self) -> list[Image]:
        """Pictures of the offer looked at, then those of the others."""
        ordered = [*([self.offer] if self.offer else []), *self.offers]
        return list(dict.fromkeys(image for offer in ordered for image in offer.images))


def get_product_page(
    slug: str, market: Market, now: datetime, *, sku: str = "", chosen: Mapping[str, str] | None = None
) -> ProductPage | None:
    """A product that is or was sold, with the variant of a SKU or of chosen option values; seven queries at most.

    None when there is no such product. An archived one has no offer, only what is related.
    """
    product = PRODUCT_QUERY.first(slug=slug)
    if product is None:
        return None
    related = RELATED_QUERY(category=product.category_id, product=product.pk)
    found = group_by_product(get_offers([product, *related], market, now))
    own = found.get(product.pk, [])
    if sku and all(one.sku != sku for one in own):
        sku = get_current_sku(sku)
    offer = choose_offer(own, sku=sku, chosen=chosen or {})
    counted = {entry["rating"]: entry["n"] for entry in product.counted}
    return ProductPage(
        product=product,
        market=market,
        categories=_get_breadcrumbs(product.category),
        offers=own,
        offer=offer,
        related=[Item(one, found[one.pk]) for one in related if one.pk in found],
        reviews=REVIEWS_QUERY(product=product.pk) if product.rating_count else [],
        stars=[(stars, counted.get(stars, 0)) for stars in STAR_VALUES],
        stories=cross_references.sources_of(("product", product.slug), "post", MAX_STORIES),
        delivery=_get_delivery(market, offer, now) if offer and not offer.is_digital else None,
    )


def _get_delivery(market: Market, offer: Offer, now: datetime) -> ShippingOption | None:
    """How the offer alone would usually reach the market's first country."""
    usual = get_default_shipping_method(market)
    if usual is None:
        return None
    today = timezone.localdate(now)
    return ShippingOption(
        method=usual,
        price=get_delivery(usual).price(offer.price),
        earliest=add_working_days(today, usual.min_days),
        latest=add_working_days(today, usual.max_days),
    )


@ttl_cache(key=lambda market: market.pk)
def get_default_shipping_method(market: Market) -> ShippingMethod | None:
    """How things usually go to the market's first country; asked for once a second."""
    ways = ShippingMethod.objects.to(market, market.home_country).filter(is_pick_up=False)
    return ways.select_related("market").first()


def _get_breadcrumbs(category: Category) -> list[Category]:
    """The shelves above and around a product, from the top; at most four, which one join each brings along."""
    trail = [category]
    while trail[0].parent_id and len(trail) < 4:  # noqa: PLR2004  as deep as KNOWN joins
        trail.insert(0, trail[0].parent)
    return trail
