"""Money is whole minor units of one currency."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import CurrencyMismatch, Money

AMOUNTS = st.integers(-(10**12), 10**12)
EUR = st.builds(Money, AMOUNTS, st.just("EUR"))


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.50", "EUR", 1250), ("12", "JPY", 12), ("1.234", "KWD", 1234), ("-0.01", "EUR", -1)],
)
def test_an_amount_is_parsed_by_the_digits_of_its_currency(amount, currency, minor):
    money = Money.parse(amount, currency)

    assert money.minor == minor
    assert Money.parse(str(money.amount), currency) == money


@pytest.mark.parametrize(
    "amount", ["12.505", "twelve", "", "NaN", "Infinity", "1e400", "12." + "0" * 40 + "1", "1e-400"]
)
def test_what_is_no_exact_amount_is_refused(amount):
    with pytest.raises(ValueError, match=r"amount|digits"):
        Money.parse(amount, "EUR")


def test_an_unknown_currency_is_refused():
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, "ABC")


def test_a_float_is_refused():
    with pytest.raises(TypeError):
        Money(12.5, "EUR")


@given(EUR, EUR)
def test_sum_and_difference_are_exact(first, second):
    assert first + second - second == first
    assert (first + second).minor == first.minor + second.minor


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__ge__"])
def test_two_currencies_never_meet(operation):
    with pytest.raises(CurrencyMismatch):
        getattr(Money(1, "EUR"), operation)(Money(1, "USD"))


@given(EUR, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_parts_sum_to_the_whole_and_are_fair(money, weights):
    parts = money.allocate(weights)

    assert sum(part.minor for part in parts) == money.minor
    for part, weight in zip(parts, weights, strict=True):
        exact = Decimal(money.minor) * weight / sum(weights)
        assert abs(part.minor - exact) < 1


@pytest.mark.parametrize("weights", [[0, 0], [1, -1], [-1]])
def test_weights_that_say_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Money(100, "EUR").allocate(weights)


@pytest.mark.parametrize(
    ("minor", "factor", "product"),
    [
        (125, Decimal("0.5"), 63),
        (-125, Decimal("0.5"), -63),
        (124, Decimal("0.5"), 62),
        (490, Fraction(12, 112), 53),
        (7, 3, 21),
        (10**18 + 1, Decimal("0.5"), 5 * 10**17 + 1),
        (3 * 10**18 + 1, Fraction(1, 3), 10**18),
    ],
)
def test_multiplication_is_exact_and_rounds_half_away_from_zero(minor, factor, product):
    assert Money(minor, "EUR").times(factor) == Money(product, "EUR")


def test_format_follows_the_locale():
    assert Money(123456, "EUR").format("en") == "€1,234.56"
    assert Money(123456, "EUR").format("de") == "1.234,56\xa0€"
