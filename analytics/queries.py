"""Sums of sales, computed by PostgreSQL. Amounts of different currencies are never added."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.functions import Coalesce

from analytics.models import SaleFact, SaleSource
from core.money import Money

PAID, REFUNDED = SaleFact.Kind.PAID, SaleFact.Kind.REFUNDED


@dataclass(frozen=True, slots=True)
class Sales:
    """Amounts of a day or a period in one currency, with the number of orders and refunds."""

    paid: Money
    refunded: Money
    orders: int
    refunds: int

    @property
    def net(self) -> Money:
        return self.paid - self.refunded

    @classmethod
    def none(cls, currency: str) -> "Sales":
        return cls(Money.zero(currency), Money.zero(currency), 0, 0)

    def __add__(self, other: "Sales") -> "Sales":
        return Sales(
            self.paid + other.paid,
            self.refunded + other.refunded,
            self.orders + other.orders,
            self.refunds + other.refunds,
        )


@dataclass(frozen=True, slots=True)
class Day:
    """The sales of one day in one currency."""

    date: date
    sales: Sales


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included, in one currency, and their sum."""

    first: date
    last: date
    days: list[Day]
    total: Sales


def get_sales_by_day(first: date, last: date, currency: str = "") -> list[Day]:
    """The days with sales or refunds, oldest first, in one currency or in each. One query with one GROUP BY."""
    facts = SaleFact.objects.between(first, last)
    if currency:
        facts = facts.filter(currency=currency)
    rows = facts.values("day", "currency").annotate(**_get_aggregates()).order_by("day", "currency")
    return [Day(row["day"], _build_sales(row, row["currency"])) for row in rows]


def get_period(first: date, last: date, currency: str) -> Period:
    """Every day of a period, including those without sales, in one currency. One query."""
    moved = {day.date: day.sales for day in get_sales_by_day(first, last, currency)}
    nothing = Sales.none(currency)
    dates = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return _build_period([Day(day, moved.get(day, nothing)) for day in dates], currency)


def compare_periods(last: date, length: int, currency: str) -> tuple[Period, Period]:
    """The `length` days that end with `last`, and as many before them. One query."""
    both = get_period(last - timedelta(days=2 * length - 1), last, currency)
    return _build_period(both.days[length:], currency), _build_period(both.days[:length], currency)


def get_currencies(first: date, last: date) -> list[str]:
    """The currencies that were used, that of most orders first. One query."""
    used = SaleFact.objects.between(first, last).values("currency").annotate(n=Count("pk"))
    return list(used.order_by("-n", "currency").values_list("currency", flat=True))


def get_best_sources(kind: str, first: date, last: date, currency: str, limit: int = 10) -> list[tuple[str, Money]]:
    """The objects of a kind with the highest net sales: pairs of public id and money. One query."""
    rows = (
        SaleSource.objects.filter(kind=kind, fact__day__gte=first, fact__day__lte=last, fact__currency=currency)
        .values("public_id")
        .annotate(net=_get_net_aggregate())
        .order_by("-net", "public_id")[:limit]
    )
    return [(row["public_id"], Money(row["net"], currency)) for row in rows]


def get_earnings(kind: str, public_id: str) -> list[Sales]:
    """All sales of one object, one entry for each currency. One query."""
    rows = (
        SaleSource.objects.filter(kind=kind, public_id=public_id)
        .values(currency=F("fact__currency"))
        .annotate(**_get_aggregates("fact__"))
        .order_by("currency")
    )
    return [_build_sales(row, row["currency"]) for row in rows]


def get_percent_change(now: Money, before: Money) -> int | None:
    """The change of an amount in per cent, or None without a previous amount."""
    if before.minor <= 0:
        return None
    return round((now.minor - before.minor) * 100 / before.minor)


def _build_period(days: list[Day], currency: str) -> Period:
    total = sum((day.sales for day in days), start=Sales.none(currency))
    return Period(days[0].date, days[-1].date, days, total)


def _get_aggregates(to_fact: str = "") -> dict[str, Any]:
    paid, refunded = Q(**{f"{to_fact}kind": PAID}), Q(**{f"{to_fact}kind": REFUNDED})
    return {
        "paid": Coalesce(Sum("amount", filter=paid), 0),
        "refunded": Coalesce(Sum("amount", filter=refunded), 0),
        "orders": Count("pk", filter=paid),
        "refunds": Count("pk", filter=refunded),
    }


def _get_net_aggregate() -> Sum:
    return Sum(Case(When(fact__kind=PAID, then=F("amount")), default=-F("amount")))


def _build_sales(row: Any, currency: str) -> Sales:
    paid, refunded = Money(int(row["paid"]), currency), Money(int(row["refunded"]), currency)
    return Sales(paid, refunded, row["orders"], row["refunds"])
