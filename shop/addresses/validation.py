"""Validation of postal addresses by country. Without I/O, so that forms, API and services share it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_countries import countries

from core.errors import Invalid
from core.validation.text import has_visible_text, strip_invisible

MAX_LENGTHS = {
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
REQUIRED_FIELDS = ("name", "street", "city", "country")
MAX_TYPED_POSTCODE = 40  # before separators and country prefix are dropped
# Countries with a fixed format; elsewhere any code is accepted. Each entry is a pattern without separators, and the
# separator that the country's postal service writes between the groups.
POSTCODES = {
    "AT": (r"(\d{4})", ""),
    "BE": (r"(\d{4})", ""),
    "BG": (r"(\d{4})", ""),
    "CA": (r"([A-Z]\d[A-Z])(\d[A-Z]\d)", " "),
    "CH": (r"(\d{4})", ""),
    "CY": (r"(\d{4})", ""),
    "CZ": (r"(\d{3})(\d{2})", " "),
    "DE": (r"(\d{5})", ""),
    "DK": (r"(\d{4})", ""),
    "EE": (r"(\d{5})", ""),
    "ES": (r"(\d{5})", ""),
    "FI": (r"(\d{5})", ""),
    "FR": (r"(\d{5})", ""),
    "GB": (r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})", " "),
    "GR": (r"(\d{3})(\d{2})", " "),
    "HR": (r"(\d{5})", ""),
    "HU": (r"(\d{4})", ""),
    "IE": (r"([A-Z]\d[\dW])([A-Z\d]{4})", " "),
    "IT": (r"(\d{5})", ""),
    "JP": (r"(\d{3})(\d{4})", "-"),
    "LT": (r"(\d{5})", ""),
    "LU": (r"(\d{4})", ""),
    "LV": (r"(LV)(\d{4})", "-"),
    "MT": (r"([A-Z]{3})(\d{4})", " "),
    "NL": (r"(\d{4})([A-Z]{2})", " "),
    "NO": (r"(\d{4})", ""),
    "PL": (r"(\d{2})(\d{3})", "-"),
    "PT": (r"(\d{4})(\d{3})", "-"),
    "RO": (r"(\d{6})", ""),
    "SE": (r"(\d{3})(\d{2})", " "),
    "SI": (r"(\d{4})", ""),
    "SK": (r"(\d{3})(\d{2})", " "),
    "US": (r"(\d{5})(\d{4})?", "-"),
}
# Prefixes that people write before a code, besides the two-letter country code.
POSTCODE_PREFIXES = {
    "AT": ("A",),
    "BE": ("B",),
    "DE": ("D",),
    "ES": ("E",),
    "FI": ("FIN",),
    "FR": ("F",),
    "GB": ("UK",),
    "HU": ("H",),
    "IE": ("IRL",),
    "IT": ("I",),
    "JP": ("〒",),
    "LU": ("L",),
    "NO": ("N",),
    "PT": ("P",),
    "SE": ("S",),
    "SI": ("SLO",),
    "US": ("USA",),
}


class InvalidAddress(Invalid):
    code = "invalid_address"
    message = _("The address is incomplete.")


class InvalidPostcode(InvalidAddress):
    message = _("Enter a valid postcode for %(country)s.")


def clean_address(raw: Mapping[str, Any], *, field: str = "") -> dict[str, str]:
    """Return a cleaned address: known keys, trimmed, without invisible characters, with a canonical postcode.

    Raises InvalidAddress. Its `field` is `field` and the key joined by an underscore, so that a form can show it in
    place; its pointer is the location in the API request.
    """
    address = {key: _clean_line(raw.get(key)) for key in MAX_LENGTHS}
    address["country"] = address["country"].upper()
    for key, value in address.items():
        if key in REQUIRED_FIELDS and not has_visible_text(value):
            raise InvalidAddress(_("This field is required."), **_get_error_location(field, key))
        limit = MAX_TYPED_POSTCODE if key == "postcode" else MAX_LENGTHS[key]
        if len(value) > limit:
            too_long = _("Enter at most %(limit)s characters.") % {"limit": MAX_LENGTHS[key]}
            raise InvalidAddress(too_long, **_get_error_location(field, key))
    address["postcode"] = _clean_postcode(
        address["postcode"], address["country"], _get_error_location(field, "postcode")
    )
    return address


def _clean_line(value: Any) -> str:
    """Collapse a value into one line. Joiners inside a word are part of its spelling and stay."""
    return " ".join(strip_invisible(str(value or "")).split())


def _clean_postcode(typed: str, country: str, place: dict[str, str]) -> str:
    """Return the canonical form of a postcode, however it was typed: full-width, without separators, with a prefix.

    Raises InvalidPostcode.
    """
    upper = unicodedata.normalize("NFKC", typed).upper()
    digits = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in upper)
    if country not in POSTCODES:
        if len(digits) > MAX_LENGTHS["postcode"]:
            raise InvalidPostcode(**place, country=countries.name(country) or country)
        return digits
    pattern, separator = POSTCODES[country]
    compact = re.sub(r"[\s\-‐-―−._/]+", "", digits)
    bare = [compact.removeprefix(prefix) for prefix in (country, *POSTCODE_PREFIXES.get(country, ()))]
    for candidate in (compact, *bare, country + compact):  # the last one for Latvia (LV-1010)
        found = re.fullmatch(pattern, candidate, re.ASCII)
        if found:
            return separator.join(filter(None, found.groups()))
    raise InvalidPostcode(**place, country=countries.name(country) or country)


def _get_error_location(address: str, key: str) -> dict[str, str]:
    """The location of an invalid field, for forms and for the API."""
    return {"field": f"{address}_{key}", "pointer": f"/{address}_address/{key}"} if address else {"field": key}
