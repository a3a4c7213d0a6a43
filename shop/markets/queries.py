"""Which tax rates are decided, and which are missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count

from shop.catalogue.models import Variant
from shop.pricing.models import Market, TaxClass, TaxRate


@dataclass(frozen=True, slots=True)
class MissingRate:
    """A tax class without a rate in a country that its variants are sold to."""

    country: str
    tax_class: str
    variants: int


def get_tax_rates(country: str) -> Mapping[str, Decimal]:
    """The decided rates by tax class. The class "zero" says by itself that nothing is taxed; one query."""
    decided = TaxRate.objects.filter(country=country).values_list("tax_class", "rate")
    return {TaxClass.ZERO.value: Decimal(0), **dict(decided)}


def get_missing_rates(now: datetime) -> list[MissingRate]:
    """What cannot be sold somewhere because its tax is not decided, by country and class; three queries."""
    priced = Variant.objects.for_sale().filter(prices__valid__contains=now)
    classes = priced.order_by().values_list("prices__market", "tax_class").annotate(count=Count("pk", distinct=True))
    decided = set(TaxRate.objects.values_list("country", "tax_class"))
    countries = dict(Market.objects.values_list("pk", "countries"))
    missing: dict[tuple[str, str], int] = {}
    for market, tax_class, count in classes:
        for country in countries[market]:
            if tax_class != TaxClass.ZERO and (country, tax_class) not in decided:
                missing[country, tax_class] = max(count, missing.get((country, tax_class), 0))
    return [MissingRate(country, tax_class, count) for (country, tax_class), count in sorted(missing.items())]


def format_missing_rates(missing: list[MissingRate], *, most: int = 8) -> str:
    """The first of them in one line: "DE reduced, FR standard and 3 more"."""
    named = ", ".join(f"{one.country} {one.tax_class}" for one in missing[:most])
    return named if len(missing) <= most else f"{named} and {len(missing) - most} more"
