"""Parts of answers and questions that several endpoints share."""

from typing import Any

from core.api.viewsets import MoneyField
from core.money import Money

# Well inside the database's 64 bits, and more than anyone pays for a bowl.
MAX_AMOUNT = 10**14


class AmountField(MoneyField):
    """An amount somebody asks for: more than nothing, and not absurd."""

    def to_internal_value(self, data: Any) -> Money:
        amount = super().to_internal_value(data)
        if not 0 < amount.minor <= MAX_AMOUNT:
            self.fail("amount", reason="The amount is more than nothing, and not absurd")
        return amount


class MinorField(MoneyField):
    """An amount a row keeps in minor units; `currency` is the path from the row to its currency."""

    def __init__(self, *, currency: str = "currency", **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(read_only=True, **kwargs)

    def get_attribute(self, instance: Any) -> Money:
        currency = instance
        for step in self.currency.split("."):
            currency = getattr(currency, step)
        minor: Any = super().get_attribute(instance)
        return Money(minor, str(currency))
