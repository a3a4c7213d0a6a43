"""One product as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from core.composition import cross_references
from core.media.images import Image
from core.prepared_queries import PreparedQuery
from core.ttl_cache import ttl_cache
from shop.models import Category, Market, Product, ProductSlug, Review, ShippingMethod
from shop.queries.carts import ShippingOption, delivery_of, working_days_after
from shop.queries.catalogue import Item
from shop.queries.offers import Offer, by_product, offers
from shop.queries.skus import current_sku

RELATED = 4
REVIEWS = 6
STORIES = 3
STARS = (5, 4, 3, 2, 1)

# What a product's page asks; the arguments are slots (core.prepared_queries).
STAR_COUNTS = (
    Review.objects.published().filter(product=OuterRef("pk")).order_by().values("rating").annotate(n=Count("pk"))
)
KNOWN = PreparedQuery(
    lambda slug: (
        Product.objects.known()
        .select_related("category__parent__parent__parent")
        .annotate(counted=ArraySubquery(STAR_COUNTS.values(json=JSONObject(rating="rating", n="n"))))
        .filter(slug=slug)
    )
)
BESIDE = PreparedQuery(
    lambda category, product: (
        Product.objects.active()
        .for_lists()
        .filter(category=category)
        .exclude(pk=product)
        .order_by("-popularity", "-id")[:RELATED]
    )
)
NEWEST_REVIEWS = PreparedQuery(
    lambda product: Review.objects.published().filter(product=product).select_related("user")[:REVIEWS]
)


@dataclass(frozen=True, slots=True)
class OptionValueShown:
    """A value a visitor may choose. `state`: "" (fits), "incompatible" (changes another choice) or "sold-out"."""

    value: str
    label: str
    swatch: str
    checked: bool
    state: str


@dataclass(frozen=True, slots=True)
class OptionShown:
    option: str
    label: str
    chosen: str
    values: Sequence[OptionValueShown]


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
    def options(self) -> list[OptionShown]:
        return options_shown(self.offers, self.offer)

    @property
    def images(self) -> list[Image]:
        """Pictures of the offer looked at, then those of the others."""
        ordered = [*([self.offer] if self.offer else []), *self.offers]
        return list(dict.fromkeys(image for offer in ordered for image in offer.images))


def product_page(
    slug: str, market: Market, now: datetime, *, sku: str = "", chosen: Mapping[str, str] | None = None
) -> ProductPage | None:
    """A product that is or was sold, with the variant of a SKU or of chosen option values; seven queries at most.

    None when there is no such product. An archived one has no offer, only what is related.
    """
    product = KNOWN.first(slug=slug)
    if product is None:
        return None
    related = BESIDE(category=product.category_id, product=product.pk)
    found = by_product(offers([product, *related], market, now))
    own = found.get(product.pk, [])
    if sku and all(one.sku != sku for one in own):
        sku = current_sku(sku)
    offer = choose(own, sku=sku, chosen=chosen or {})
    counted = {entry["rating"]: entry["n"] for entry in product.counted}
    return ProductPage(
        product=product,
        market=market,
        categories=_trail(product.category),
        offers=own,
        offer=offer,
        related=[Item(one, found[one.pk]) for one in related if one.pk in found],
        reviews=NEWEST_REVIEWS(product=product.pk) if product.rating_count else [],
        stars=[(stars, counted.get(stars, 0)) for stars in STARS],
        stories=cross_references.sources_of(("product", product.slug), "post", STORIES),
        delivery=_delivery(market, offer, now) if offer and not offer.is_digital else None,
    )


def current_slug(slug: str) -> str | None:
    """Where a product that once had this slug is now; one query."""
    return ProductSlug.objects.filter(slug=slug).values_list("product__slug", flat=True).first()


def chosen_sku(slug: str, chosen: Mapping[str, str], market: Market, now: datetime) -> str | None:
    """The SKU of a product that agrees most with the chosen values; two queries. None when nothing is for sale."""
    own = offers(Product.objects.for_lists().filter(slug=slug), market, now)
    offer = choose(own, chosen=chosen)
    return offer.sku if offer else None


def choose(own: Sequence[Offer], *, sku: str = "", chosen: Mapping[str, str]) -> Offer | None:
    """The offer with this SKU; else the one that agrees most with the chosen values, one that can be bought first."""
    exact = next((offer for offer in own if offer.sku == sku), None)
    if exact or not own:
        return exact
    return max(own, key=lambda offer: (sum(offer.has(*pair) for pair in chosen.items()), offer.can_buy))


def options_shown(own: Sequence[Offer], offer: Offer | None) -> list[OptionShown]:
    """Each option with the states of its values, seen from the offer looked at."""
    options: dict[tuple[str, str], dict[str, Any]] = {}
    for choice in (choice for one in own for choice in one.choices):
        options.setdefault((choice.option, choice.option_name), {}).setdefault(choice.value, choice)
    current = {choice.option: choice.value for choice in offer.choices} if offer else {}
    return [
        OptionShown(
            option=option,
            label=label,
            chosen=next((choice.name for choice in values.values() if current.get(option) == choice.value), ""),
            values=[
                OptionValueShown(
                    value=choice.value,
                    label=choice.name,
                    swatch=choice.swatch,
                    checked=current.get(option) == choice.value,
                    state=_state(own, {**current, option: choice.value}, option),
                )
                for choice in values.values()
            ],
        )
        for (option, label), values in options.items()
    ]


def _state(own: Sequence[Offer], wanted: Mapping[str, str], option: str) -> str:
    with_value = [offer for offer in own if offer.has(option, wanted[option])]
    if not any(offer.can_buy for offer in with_value):
        return "sold-out"
    exact = [offer for offer in with_value if all(offer.has(*pair) for pair in wanted.items())]
    if not exact:
        return "incompatible"
    return "" if any(offer.can_buy for offer in exact) else "sold-out"


def _delivery(market: Market, offer: Offer, now: datetime) -> ShippingOption | None:
    """How the offer alone would usually reach the market's first country."""
    usual = usual_method(market)
    if usual is None:
        return None
    today = timezone.localdate(now)
    return ShippingOption(
        method=usual,
        price=delivery_of(usual).price(offer.price),
        earliest=working_days_after(today, usual.min_days),
        latest=working_days_after(today, usual.max_days),
    )


@ttl_cache(key=lambda market: market.pk)
def usual_method(market: Market) -> ShippingMethod | None:
    """How things usually go to the market's first country; asked for once a second."""
    ways = ShippingMethod.objects.to(market, market.home_country).filter(is_pick_up=False)
    return ways.select_related("market").first()


def _trail(category: Category) -> list[Category]:
    """The shelves above and around a product, from the top; at most four, which one join each brings along."""
    trail = [category]
    while trail[0].parent_id and len(trail) < 4:  # noqa: PLR2004  as deep as KNOWN joins
        trail.insert(0, trail[0].parent)
    return trail
