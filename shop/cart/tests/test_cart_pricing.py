"""Prices: exact, stable, and the same in any order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import CurrencyMismatch, Money
from shop.pricing import calculation
from shop.pricing.calculation import Delivery, Item

RATES = st.sampled_from([Decimal(0), Decimal("0.07"), Decimal("0.19"), Decimal("0.255")])


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    amounts = draw(st.lists(st.tuples(st.integers(1, 99), st.integers(0, 10**7), RATES), max_size=8))
    return [Item(f"SKU-{n}", quantity, euro(unit), rate) for n, (quantity, unit, rate) in enumerate(amounts)]


def test_a_price_that_includes_tax_contains_it() -> None:
    quote = calculation.price_items([Item("MUG", 2, euro(3400), Decimal("0.19"))], currency="EUR", tax_included=True)

    assert (quote.subtotal, quote.total) == (euro(6800), euro(6800))
    assert quote.tax == euro(1086)  # 68.00 - 68.00 / 1.19


def test_a_price_without_tax_gets_it_on_top() -> None:
    quote = calculation.price_items([Item("MUG", 2, euro(3400), Decimal("0.19"))], currency="EUR", tax_included=False)

    assert (quote.subtotal, quote.tax, quote.total) == (euro(6800), euro(1292), euro(8092))


def test_tax_is_rounded_half_up_per_line() -> None:
    quote = calculation.price_items(
        [Item("A", 1, euro(50), Decimal("0.07")), Item("B", 1, euro(50), Decimal("0.07"))],
        currency="EUR",
        tax_included=False,
    )

    assert [line.tax for line in quote.lines] == [euro(4), euro(4)]  # 3.5 cents each
    assert quote.tax == euro(8)


def test_delivery_is_taxed_at_the_highest_rate_of_the_goods() -> None:
    quote = calculation.price_items(
        [Item("BOOK", 1, euro(1000), Decimal("0.07")), Item("MUG", 1, euro(1000), Decimal("0.19"))],
        currency="EUR",
        tax_included=True,
        delivery=Delivery("standard", euro(490)),
    )

    assert quote.shipping_tax_rate == Decimal("0.19")
    assert quote.total == euro(2490)
    assert quote.tax == euro(65 + 160 + 78)


@pytest.mark.parametrize(("goods", "expected"), [(9999, 490), (10_000, 0), (10_001, 0)])
def test_delivery_is_free_from_the_threshold_on(goods: int, expected: int) -> None:
    delivery = Delivery("standard", euro(490), free_over=euro(10_000))

    quote = calculation.price_items(
        [Item("MUG", 1, euro(goods), Decimal(0))], currency="EUR", tax_included=True, delivery=delivery
    )

    assert quote.shipping == euro(expected)
    assert quote.total == euro(goods + expected)


def test_two_currencies_do_not_meet_in_a_cart() -> None:
    with pytest.raises(CurrencyMismatch):
        calculation.price_items([Item("MUG", 1, Money(3400, "USD"), Decimal(0))], currency="EUR", tax_included=True)


def test_an_empty_cart_costs_nothing() -> None:
    assert calculation.price_items([], currency="JPY", tax_included=True).total == Money(0, "JPY")


@given(items(), st.booleans())
def test_totals_are_what_their_parts_add_up_to(goods: list[Item], tax_included: bool) -> None:
    quote = calculation.price_items(
        goods, currency="EUR", tax_included=tax_included, delivery=Delivery("post", euro(490))
    )

    assert quote.subtotal.minor == sum(item.unit.minor * item.quantity for item in goods)
    assert quote.total == quote.subtotal + quote.shipping + (euro(0) if tax_included else quote.tax)
    assert quote.tax >= sum((line.tax for line in quote.lines), euro(0))
    assert all(euro(0) <= line.tax <= line.total for line in quote.lines)


@given(items(), st.randoms())
def test_the_hash_does_not_depend_on_the_order_of_lines(goods: list[Item], random: object) -> None:
    shuffled = sorted(goods, key=lambda _: random.random())  # type: ignore[attr-defined]

    first = calculation.price_items(goods, currency="EUR", tax_included=True)
    second = calculation.price_items(shuffled, currency="EUR", tax_included=True)

    assert first.hash == second.hash


@given(items().filter(bool), st.data())
def test_the_hash_changes_with_every_price_and_quantity(goods: list[Item], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(goods) - 1))
    one = goods[index]
    changed = data.draw(
        st.sampled_from(
            [
                Item(one.sku, one.quantity + 1, one.unit, one.tax_rate),
                Item(one.sku, one.quantity, one.unit + euro(1), one.tax_rate),
                Item(one.sku + "X", one.quantity, one.unit, one.tax_rate),
            ]
        )
    )
    others = [*goods[:index], changed, *goods[index + 1 :]]

    before = calculation.price_items(goods, currency="EUR", tax_included=True)
    after = calculation.price_items(others, currency="EUR", tax_included=True)

    assert before.hash != after.hash


@given(st.integers(0, 10**6), st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_parts_of_a_line_given_back_one_after_another_are_the_whole(total: int, portions: list[int]) -> None:
    pieces = sum(portions)
    given_back, after = euro(0), 0
    for quantity in portions:
        given_back += calculation.allocate_part(euro(total), quantity=quantity, of=pieces, after=after)
        after += quantity

    assert given_back == euro(total)
