"""A product's attributes in words: size, capacity, weight, materials, care."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop.catalogue.models import Product
from shop.listing.offers import Offer

LABELS = {
    "materials": gettext_lazy("Materials"),
    "dimensions_mm": gettext_lazy("Size"),
    "capacity_ml": gettext_lazy("Holds"),
    "care": gettext_lazy("Care"),
    "diameter": gettext_lazy("diameter"),
    "height": gettext_lazy("height"),
    "width": gettext_lazy("width"),
    "length": gettext_lazy("length"),
    "depth": gettext_lazy("depth"),
    "width_with_handle": gettext_lazy("width with handle"),
}


def get_specs(product: Product, offer: Offer | None) -> list[tuple[str, list[str]]]:
    """Labels with their lines, in the order the product names them; unknown attributes speak for themselves."""
    found = [(_label(name), list(_lines(name, value))) for name, value in product.attributes.items()]
    if offer and offer.weight_g:
        found.append((_("Weight"), [_("%(grams)s g") % {"grams": offer.weight_g}]))
    return [(label, lines) for label, lines in found if lines]


def _label(name: str) -> str:
    return str(LABELS.get(name) or name.replace("_", " ").capitalize())


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part, size in value.items():
            label = LABELS.get(part) or part.replace("_", " ")
            yield (
                _("%(label)s %(size)s mm") % {"label": label, "size": size}
                if name.endswith("_mm")
                else f"{label} {size}"
            )
    elif isinstance(value, list):
        yield from (str(line) for line in value)
    elif name.endswith("_ml"):
        yield _("%(millilitres)s ml") % {"millilitres": value}
    elif value not in (None, ""):
        yield str(value)
