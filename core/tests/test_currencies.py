"""Amounts are stored and paid in the minor units of ISO 4217, and shown as CLDR says."""

from decimal import Decimal

import pytest
from babel.core import get_global

from core.currencies import MINOR_DIGITS
from core.money import Money

# As published by SIX for ISO 4217 (list one); every other currency in use has two digits.
NONE = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"}  # fmt: skip
THREE = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
FOUR = {"CLF", "UYW"}


def _digits(currency: str) -> int:
    return 0 if currency in NONE else 3 if currency in THREE else 4 if currency in FOUR else 2


def _in_use() -> set[str]:
    """What is legal tender somewhere today."""
    return {
        code
        for tenders in get_global("territory_currencies").values()
        for code, _since, until, is_tender in tenders
        if until is None and is_tender
    }


def test_every_currency_in_use_is_known() -> None:
    assert _in_use() - set(MINOR_DIGITS) == set()


def test_an_amount_has_the_minor_units_of_iso_4217() -> None:
    found = {currency: _smallest_part(currency) for currency in sorted(_in_use() | NONE | THREE | FOUR)}

    assert len(found) > 150
    assert found == {currency: _digits(currency) for currency in found}


def _smallest_part(currency: str) -> int | str:
    """How many digits an amount of the currency takes, or what does not agree about them."""
    digits = len(str(Money.parse("1", currency).minor)) - 1
    smallest = Money(1, currency)
    if smallest.amount != Decimal(1).scaleb(-digits) or Money.parse(str(smallest.amount), currency) != smallest:
        return f"the smallest amount is {smallest.amount}"
    with pytest.raises(ValueError, match="more digits"):
        Money.parse(Decimal(1).scaleb(-digits - 1), currency)
    return digits


def test_no_amount_is_shown_as_another() -> None:
    alike = [
        currency
        for currency in sorted(MINOR_DIGITS)
        if Money.parse("1", currency).format("en") == (Money.parse("1", currency) + Money(1, currency)).format("en")
    ]

    assert alike == []


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("10.50", "RSD", "RSD10.50"),
        ("10", "RSD", "RSD10"),
        ("1234.50", "HUF", "HUF1,234.50"),
        ("1500", "JPY", "¥1,500"),
    ],
)
def test_an_amount_is_shown_with_the_digits_of_cldr(amount: str, currency: str, shown: str) -> None:
    assert Money.parse(amount, currency).format("en") == shown


@pytest.mark.parametrize("currency", ["XXX", "XTS", "XAU", "EURO", "eur", ""])
def test_what_nobody_can_pay_with_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money.parse("1", currency)
