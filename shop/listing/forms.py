"""What a list of products may be narrowed by: one set of parameters for the page and for the API.

`option=glaze:celadon` and `price=25-50` may repeat; either end of a price may be left out. Prices are in major units
of the shop's currency.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field

from core.api.filters import BooleanFilter
from core.money import Money
from core.search import index as search
from core.search.index import MAX_QUERY_LENGTH
from shop.catalogue.models import Product
from shop.listing.filters import Filters, PriceRange
from shop.pricing.models import Market

MAX_VALUES = 50
OPTION_PATTERN = re.compile(r"([-\w]{1,40}):([-\w]{1,60})", re.ASCII)
PRICE_RANGE_PATTERN = re.compile(r"(\d{0,7})-(\d{0,7})", re.ASCII)


class RepeatedField(forms.Field):
    """A parameter that may repeat; each value must match the pattern."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, pattern: re.Pattern[str], **kwargs: Any) -> None:
        self.pattern = pattern
        super().__init__(**kwargs)

    def to_python(self, value: Sequence[str] | None) -> list[tuple[str, str]]:
        found = [self.pattern.fullmatch(part) for part in value or []]
        if len(found) > MAX_VALUES or not all(found):
            raise ValidationError(_("Unknown filter."), code="invalid")
        return [(match[1], match[2]) for match in found if match]


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class RepeatedFilter(django_filters.Filter):
    field_class = RepeatedField


class ProductFilter(django_filters.FilterSet):
    """The products of a shelf. Options and prices are matched by one variant of a product, not by several together."""

    category = django_filters.CharFilter(label=_("Slug of a category; includes its subcategories"), max_length=80)
    option = RepeatedFilter(label=_("An option and a value, such as color:blue"), pattern=OPTION_PATTERN)
    price = RepeatedFilter(label=_("A price range such as 25-50, -25 or 100-"), pattern=PRICE_RANGE_PATTERN)
    in_stock = BooleanFilter(label=_("Only products in stock"))
    q = django_filters.CharFilter(label=_("Search terms"), max_length=MAX_QUERY_LENGTH)

    class Meta:
        model = Product
        fields: ClassVar[list[str]] = []


# What the parameters must be like. A filter set would make this class anew for each request.
ProductForm: type[forms.Form] = ProductFilter().get_form_class()


def build_filters(cleaned: Mapping[str, Any], market: Market) -> Filters:
    """The filters of a validated form; what did not validate is left out."""
    options: dict[str, list[str]] = defaultdict(list)
    for option, value in cleaned.get("option") or []:
        options[option].append(value)
    q = search.clean(cleaned.get("q") or "")
    return Filters(
        options={option: tuple(dict.fromkeys(values)) for option, values in options.items()},
        prices=tuple(_parse_price_range(low, high, market) for low, high in cleaned.get("price") or [] if low or high),
        in_stock=bool(cleaned.get("in_stock")),
        q=q,
        widened=search.widen(q) if q else "",
    )


def _parse_price_range(low: str, high: str, market: Market) -> PriceRange:
    def minor(amount: str) -> int | None:
        return Money.parse(amount, market.currency).minor if amount else None

    return minor(low), minor(high)


CHOICE_PREFIX = "choose-"


def get_chosen_options(values: Mapping[str, str]) -> dict[str, str]:
    """The chosen option values among the parameters of the product's form."""
    return {name.removeprefix(CHOICE_PREFIX): value for name, value in values.items() if name.startswith(CHOICE_PREFIX)}
