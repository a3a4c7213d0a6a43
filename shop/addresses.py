"""Where parcels go: what an address must have, by country. Pure, so that forms, API and services agree."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

LIMITS = {
    "name": 120,
    "company": 120,
    "street": 160,
    "extra": 160,
    "postcode": 16,
    "city": 100,
    "region": 100,
    "country": 2,
    "phone": 40,
}
REQUIRED = ("name", "street", "city", "country")
# Only where a wrong code is common and the form certain; elsewhere any code is taken.
POSTCODES = {
    "AT": r"\d{4}",
    "BE": r"\d{4}",
    "BG": r"\d{4}",
    "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "CH": r"\d{4}",
    "CY": r"\d{4}",
    "CZ": r"\d{3} ?\d{2}",
    "DE": r"\d{5}",
    "DK": r"\d{4}",
    "EE": r"\d{5}",
    "ES": r"\d{5}",
    "FI": r"\d{5}",
    "FR": r"\d{5}",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "GR": r"\d{3} ?\d{2}",
    "HR": r"\d{5}",
    "HU": r"\d{4}",
    "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
    "IT": r"\d{5}",
    "JP": r"\d{3}-?\d{4}",
    "LT": r"(LT-)?\d{5}",
    "LU": r"(L-)?\d{4}",
    "LV": r"(LV-)?\d{4}",
    "MT": r"[A-Z]{3} ?\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "NO": r"\d{4}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
    "RO": r"\d{6}",
    "SE": r"\d{3} ?\d{2}",
    "SI": r"\d{4}",
    "SK": r"\d{3} ?\d{2}",
    "US": r"\d{5}(-\d{4})?",
}


class InvalidAddress(Invalid):
    code = "invalid_address"
    message = _("The address is not complete.")


def clean(raw: Mapping[str, Any], *, field: str = "") -> dict[str, str]:
    """A tidy address: known keys, trimmed, capitals where the post wants them.

    Raises InvalidAddress; its `field` is `field` and the key with an underscore, so a form can show it in place.
    """
    address = {key: " ".join(str(raw.get(key) or "").split()) for key in LIMITS}
    address["country"] = address["country"].upper()
    address["postcode"] = address["postcode"].upper()
    for key, value in address.items():
        if key in REQUIRED and not value:
            raise InvalidAddress(_("This part of the address is missing."), field=_field(field, key))
        if len(value) > LIMITS[key] or not value.isprintable():
            raise InvalidAddress(
                _("This part of the address is too long or has odd characters."), field=_field(field, key)
            )
    pattern = POSTCODES.get(address["country"])
    if pattern and not re.fullmatch(pattern, address["postcode"], re.ASCII):
        raise InvalidAddress(_("This is not a postcode of the country."), field=_field(field, "postcode"))
    return address


def _field(prefix: str, key: str) -> str:
    return f"{prefix}_{key}" if prefix else key
