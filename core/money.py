"""Amounts of money: integer minor units and an ISO 4217 currency. Never a float, never two currencies in one sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Self

from babel.numbers import format_currency, get_currency_precision, list_currencies

# What a bigint column holds.
LARGEST = 2**63 - 1
CURRENCIES = frozenset(list_currencies())


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
        if self.currency not in CURRENCIES:
            raise ValueError(f"{self.currency!r} is not an ISO 4217 currency")

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    @classmethod
    def parse(cls, amount: str | Decimal, currency: str) -> Self:
        """`("12.50", "EUR")` to 1250 minor units. Raises ValueError for more digits than the currency has."""
        try:
            exact = Decimal(amount).scaleb(_places(currency))
            whole = int(exact) if abs(exact) <= LARGEST else None
        except (InvalidOperation, ValueError):
            whole = None
        if whole is None:
            raise ValueError(f"{str(amount)[:30]!r} is not an amount")
        if exact != whole:
            raise ValueError(f"{amount} has more digits than {currency} has")
        return cls(whole, currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with exactly the digits of the currency."""
        places = _places(self.currency)
        return Decimal(self.minor).scaleb(-places).quantize(Decimal(1).scaleb(-places))

    def format(self, locale: str = "en") -> str:
        return _written(self, locale)

    def times(self, factor: int | Decimal, rounding: str = ROUND_HALF_UP) -> Self:
        """Multiply, rounded to a whole minor unit in the stated way."""
        return type(self)(int((Decimal(self.minor) * factor).quantize(Decimal(1), rounding)), self.currency)

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


@cache
def _places(currency: str) -> int:
    digits: int = get_currency_precision(currency)
    return digits


@lru_cache(4096)
def _written(money: Money, locale: str) -> str:
    return format_currency(money.amount, money.currency, locale=locale)
