"""The one rule for tax, against a computation of its own: the amounts at which exact fractions reach the next cent."""

from decimal import Decimal
from fractions import Fraction
from itertools import chain, repeat

import pytest

from core.money import Money
from shop.pricing import calculation
from shop.pricing.calculation import Delivery, Item, calculate_tax

RATES = [Decimal(tenths).scaleb(-3) for tenths in range(301)]
AMOUNTS = 20_000


def expected_taxes(share: Fraction) -> list[int]:
    """The tax of each amount up to AMOUNTS: it is t from the first amount whose exact tax is t - 1/2 or more."""
    if not share:
        return [0] * (AMOUNTS + 1)
    highest = int(AMOUNTS * share) + 2
    half_steps = (Fraction(2 * tax - 1, 2) for tax in range(1, highest))
    starts = [0]
    for step in half_steps:
        first = -(-step.numerator * share.denominator // (step.denominator * share.numerator))
        starts.append(min(first, AMOUNTS + 1))
    runs = zip(starts, [*starts[1:], AMOUNTS + 1], strict=True)
    return list(chain.from_iterable(repeat(tax, until - since) for tax, (since, until) in enumerate(runs)))


@pytest.mark.parametrize("included", [True, False])
def test_every_amount_at_every_rate_has_the_exact_tax(included: bool) -> None:
    for rate in RATES:
        exact = Fraction(rate)
        share = exact / (1 + exact) if included else exact
        taxes = [calculate_tax(minor, rate, included=included) for minor in range(AMOUNTS + 1)]
        assert taxes == expected_taxes(share), f"{rate} {included=}"


@pytest.mark.parametrize(
    ("minor", "rate", "included", "tax"),
    [
        (490, "0.12", True, 53),
        (112, "0.12", True, 12),
        (50, "0.01", False, 1),
        (-50, "0.01", False, -1),
        (49, "0.01", False, 0),
        (10**18 + 1, "0.19", True, 159663865546218488),
        (1, "1", True, 1),
    ],
)
def test_tax_is_rounded_once_half_away_from_zero(minor: int, rate: str, included: bool, tax: int) -> None:
    assert calculate_tax(minor, Decimal(rate), included=included) == tax


@pytest.mark.parametrize("included", [True, False])
def test_the_tax_of_an_order_is_the_sum_of_its_lines_and_its_delivery(included: bool) -> None:
    items = [Item(f"SKU-{n}", n, Money(490 + n, "EUR"), rate) for n, rate in enumerate(RATES[::10], start=1)]

    quote = calculation.price_items(
        items, currency="EUR", tax_included=included, delivery=Delivery("post", Money(490, "EUR"))
    )

    parts = [((490 + n) * n, Fraction(rate)) for n, rate in enumerate(RATES[::10], start=1)]
    parts.append((490, Fraction(3, 10)))
    exact = [amount * (rate / (1 + rate) if included else rate) for amount, rate in parts]
    rounded = [int(tax + Fraction(1, 2)) for tax in exact]
    assert [line.tax.minor for line in quote.lines] == rounded[:-1]
    assert quote.tax.minor == sum(rounded)
