"""Delivery options of a cart, and when they arrive."""

from dataclasses import dataclass
from datetime import date, timedelta

from core.money import Money
from shop.pricing import calculation
from shop.shipping.models import ShippingMethod


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A way of delivery for a cart, with its price and the days it should arrive between."""

    method: ShippingMethod
    price: Money
    earliest: date
    latest: date


def get_delivery(method: ShippingMethod) -> calculation.Delivery:
    currency = method.market.currency
    free_over = Money(method.free_over, currency) if method.free_over is not None else None
    return calculation.Delivery(method.code, Money(method.amount, currency), free_over)


def add_working_days(day: date, days: int) -> date:
    """The day that many working days (Monday to Friday) later."""
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5  # noqa: PLR2004  Saturday is 5
    return day
