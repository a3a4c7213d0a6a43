"""Amounts of money: integer minor units and an ISO 4217 currency. Never a float, never two currencies in one sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, Inexact, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import Self

from babel.numbers import format_currency, get_currency_precision

from core.currencies import MINOR_DIGITS

# What a bigint column holds.
MAX_MINOR_UNITS = 2**63 - 1


class CurrencyMismatch(TypeError):
    """Two currencies met in one operation."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen, fils) of a currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("minor units are whole numbers")
        if self.currency not in MINOR_DIGITS:
            raise ValueError(f"{self.currency!r} is not an ISO 4217 currency")

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    @classmethod
    def parse(cls, amount: str | Decimal, currency: str) -> Self:
        """`("12.50", "EUR")` to 1250 minor units. Raises ValueError for more digits than the currency has."""
        digits = _digits(currency)
        with localcontext() as decimals:
            decimals.traps[Inexact] = True
            try:
                exact = Decimal(amount).scaleb(digits)
                whole = int(exact) if abs(exact) <= MAX_MINOR_UNITS else None
            except Inexact:
                raise ValueError(f"{str(amount)[:30]} has more digits than {currency} has") from None
            except (InvalidOperation, ValueError):
                whole = None
        if whole is None:
            raise ValueError(f"{str(amount)[:30]!r} is not an amount")
        if exact != whole:
            raise ValueError(f"{str(amount)[:30]} has more digits than {currency} has")
        return cls(whole, currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with exactly the digits of the currency."""
        return Decimal(f"{self.minor}e-{MINOR_DIGITS[self.currency]}")

    def format(self, locale: str = "en") -> str:
        """The amount as people of the locale write it: with CLDR's digits, unless they would hide a part of it."""
        return _written(self, locale)

    def times(self, factor: int | Decimal | Fraction) -> Self:
        """Multiply exactly, then round once to a whole minor unit, half away from zero."""
        if isinstance(factor, int):
            return type(self)(self.minor * factor, self.currency)
        exact = self.minor * Fraction(factor)
        return type(self)(divide(exact.numerator, exact.denominator), self.currency)

    def allocate(self, weights: Sequence[int]) -> list[Self]:
        """Split by weights so that the parts sum to the whole (largest remainder; ties to the first).

        Raises ValueError when the weights are negative or all zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are not negative and not all zero")
        sign = -1 if self.minor < 0 else 1
        whole = abs(self.minor)
        parts = [whole * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
        for index in by_remainder[: whole - sum(parts)]:
            parts[index] += 1
        return [type(self)(sign * part, self.currency) for part in parts]

    def __add__(self, other: "Money") -> Self:
        return type(self)(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> Self:
        return type(self)(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money and {type(other).__name__} do not mix")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.minor


def divide(numerator: int, denominator: int) -> int:
    """A fraction with a positive denominator, rounded to a whole number, half away from zero."""
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def _digits(currency: str) -> int:
    if currency not in MINOR_DIGITS:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency")
    return MINOR_DIGITS[currency]


@lru_cache(4096)
def _written(money: Money, locale: str) -> str:
    is_shown_whole = money.amount == round(money.amount, get_currency_precision(money.currency))
    return format_currency(
        money.amount,
        money.currency,
        locale=locale,
        currency_digits=is_shown_whole,
        decimal_quantization=is_shown_whole,
    )
