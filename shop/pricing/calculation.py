"""What a cart costs. Pure arithmetic: no database, no clock, the same answer for the same input.

One rule for tax, everywhere: each line, and the delivery, has its tax computed exactly from its total and rounded once
to a whole minor unit, half away from zero. Where prices include tax it is the part contained in the total, total × rate
/ (1 + rate); elsewhere it comes on top, total × rate. The tax of an order is the sum of these. Delivery follows the
goods: it is taxed at their highest rate.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from core.money import Money, divide


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be priced: pieces of one SKU at a unit price and a tax rate (0.19 is 19 %)."""

    sku: str
    quantity: int
    unit: Money
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class Delivery:
    """A way of delivery; free when the goods cost `free_over` or more."""

    code: str
    amount: Money
    free_over: Money | None = None

    def price(self, goods: Money) -> Money:
        """What it costs to deliver goods of this value."""
        free = self.free_over is not None and goods >= self.free_over
        return Money.zero(self.amount.currency) if free else self.amount


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One priced line. `total` is unit times quantity less discount; `tax` is contained in it or comes on top."""

    sku: str
    quantity: int
    unit: Money
    discount: Money
    total: Money
    tax_rate: Decimal
    tax: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced cart. `hash` changes with anything the customer would want to know of."""

    currency: str
    lines: tuple[QuoteLine, ...]
    subtotal: Money
    discount: Money
    delivery_code: str
    shipping: Money
    shipping_tax_rate: Decimal
    tax: Money
    tax_included: bool
    total: Money

    @property
    def goods(self) -> Money:
        return self.subtotal - self.discount

    @property
    def hash(self) -> str:
        """A fingerprint to send back with the order, so that nobody pays a price they have not seen."""
        facts = [
            self.currency,
            [
                [line.sku, line.quantity, line.unit.minor, line.total.minor, f"{line.tax_rate:.5f}", line.tax.minor]
                for line in sorted(self.lines, key=lambda line: line.sku)
            ],
            [self.delivery_code, self.shipping.minor, f"{self.shipping_tax_rate:.5f}"],
            [self.discount.minor, self.tax.minor, self.tax_included, self.total.minor],
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def price_items(items: Sequence[Item], *, currency: str, tax_included: bool, delivery: Delivery | None = None) -> Quote:
    """Price items and their delivery. Raises CurrencyMismatch when an amount is in another currency."""
    lines = tuple(_price_line(item, tax_included=tax_included) for item in items)
    nothing = Money.zero(currency)
    subtotal = sum((line.unit.times(line.quantity) for line in lines), nothing)
    discount = sum((line.discount for line in lines), nothing)
    shipping = delivery.price(subtotal - discount) if delivery else nothing
    shipping_tax_rate = max((line.tax_rate for line in lines), default=Decimal(0)) if shipping else Decimal(0)
    shipping_tax = Money(calculate_tax(shipping.minor, shipping_tax_rate, included=tax_included), currency)
    tax = sum((line.tax for line in lines), shipping_tax)
    total = subtotal - discount + shipping
    return Quote(
        currency=currency,
        lines=lines,
        subtotal=subtotal,
        discount=discount,
        delivery_code=delivery.code if delivery else "",
        shipping=shipping,
        shipping_tax_rate=shipping_tax_rate,
        tax=tax,
        tax_included=tax_included,
        total=total if tax_included else total + tax,
    )


def calculate_tax(minor: int, rate: Decimal, *, included: bool) -> int:
    """The tax in an amount, or on top of it, in minor units: exact, rounded once, half away from zero."""
    numerator, denominator = _get_tax_fraction(rate, included)
    return divide(minor * numerator, denominator)


def allocate_part(total: Money, *, quantity: int, of: int, after: int) -> Money:
    """What `quantity` of `of` pieces are worth of a line's total when `after` were already counted.

    Parts counted one after the other sum to the total, whatever their sizes.
    """
    share = total.allocate([1] * of)
    return sum(share[after : after + quantity], Money.zero(total.currency))


def _price_line(item: Item, *, tax_included: bool) -> QuoteLine:
    total = item.unit.times(item.quantity)
    return QuoteLine(
        sku=item.sku,
        quantity=item.quantity,
        unit=item.unit,
        discount=Money.zero(item.unit.currency),
        total=total,
        tax_rate=item.tax_rate,
        tax=Money(calculate_tax(total.minor, item.tax_rate, included=tax_included), total.currency),
    )


@lru_cache(1000)
def _get_tax_fraction(rate: Decimal, included: bool) -> tuple[int, int]:
    """Which part of an amount is tax, as a fraction."""
    part, whole = rate.as_integer_ratio()
    return part, whole + part if included else whole
