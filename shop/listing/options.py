"""The options of a product, and what is chosen of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shop.catalogue.models import Product, ProductSlug
from shop.listing.offers import Offer, get_offers
from shop.pricing.models import Market


@dataclass(frozen=True, slots=True)
class DisplayedOptionValue:
    """A value a visitor may choose. `state`: "" (fits), "incompatible" (changes another choice) or "sold-out"."""

    value: str
    label: str
    swatch: str
    checked: bool
    state: str


@dataclass(frozen=True, slots=True)
class DisplayedOption:
    option: str
    label: str
    chosen: str
    values: Sequence[DisplayedOptionValue]


def get_current_slug(slug: str) -> str | None:
    """Where a product that once had this slug is now; one query."""
    return ProductSlug.objects.filter(slug=slug).values_list("product__slug", flat=True).first()


def get_chosen_sku(slug: str, chosen: Mapping[str, str], market: Market, now: datetime) -> str | None:
    """The SKU of a product that agrees most with the chosen values; two queries. None when nothing is for sale."""
    own = get_offers(Product.objects.for_lists().filter(slug=slug), market, now)
    offer = choose_offer(own, chosen=chosen)
    return offer.sku if offer else None


def choose_offer(own: Sequence[Offer], *, sku: str = "", chosen: Mapping[str, str]) -> Offer | None:
    """The offer with this SKU; else the one that agrees most with the chosen values, one that can be bought first."""
    exact = next((offer for offer in own if offer.sku == sku), None)
    if exact or not own:
        return exact
    return max(own, key=lambda offer: (sum(offer.has(*pair) for pair in chosen.items()), offer.can_buy))


def build_options(own: Sequence[Offer], offer: Offer | None) -> list[DisplayedOption]:
    """Each option with the states of its values, seen from the offer looked at."""
    options: dict[tuple[str, str], dict[str, Any]] = {}
    for choice in (choice for one in own for choice in one.choices):
        options.setdefault((choice.option, choice.option_name), {}).setdefault(choice.value, choice)
    current = {choice.option: choice.value for choice in offer.choices} if offer else {}
    return [
        DisplayedOption(
            option=option,
            label=label,
            chosen=next((choice.name for choice in values.values() if current.get(option) == choice.value), ""),
            values=[
                DisplayedOptionValue(
                    value=choice.value,
                    label=choice.name,
                    swatch=choice.swatch,
                    checked=current.get(option) == choice.value,
                    state=_get_value_state(own, {**current, option: choice.value}, option),
                )
                for choice in values.values()
            ],
        )
        for (option, label), values in options.items()
    ]


def _get_value_state(own: Sequence[Offer], wanted: Mapping[str, str], option: str) -> str:
    with_value = [offer for offer in own if offer.has(option, wanted[option])]
    if not any(offer.can_buy for offer in with_value):
        return "sold-out"
    exact = [offer for offer in with_value if all(offer.has(*pair) for pair in wanted.items())]
    if not exact:
        return "incompatible"
    return "" if any(offer.can_buy for offer in exact) else "sold-out"
