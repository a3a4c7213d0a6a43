"""Parts of answers and questions that several endpoints share."""

from typing import Any

from rest_framework import serializers

from core.api.fields import UrlField
from core.api.viewsets import In, MoneyField
from core.media.images import Image
from core.money import Money
from shop.models.cart import MAX_QUANTITY

# Well inside the database's 64 bits, and more than anyone pays for a bowl.
LARGEST_AMOUNT = 10**14


class ProductImageOut(serializers.Serializer[Image]):
    """A picture; `url` always works."""

    url = UrlField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt = serializers.CharField()


class AmountField(MoneyField):
    """An amount somebody asks for: more than nothing, and not absurd."""

    def to_internal_value(self, data: Any) -> Money:
        amount = super().to_internal_value(data)
        if not 0 < amount.minor <= LARGEST_AMOUNT:
            self.fail("amount", reason="The amount is more than nothing, and not absurd")
        return amount


class AddressIn(In):
    """An address; which parts are needed depends on the country."""

    name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    company = serializers.CharField(max_length=120, allow_blank=True, required=False)
    street = serializers.CharField(max_length=160, allow_blank=True, required=False)
    extra = serializers.CharField(max_length=160, allow_blank=True, required=False)
    postcode = serializers.CharField(max_length=40, allow_blank=True, required=False)
    city = serializers.CharField(max_length=100, allow_blank=True, required=False)
    region = serializers.CharField(max_length=100, allow_blank=True, required=False)
    country = serializers.CharField(max_length=2, allow_blank=True, required=False)
    phone = serializers.CharField(max_length=40, allow_blank=True, required=False)


class PiecesField(serializers.DictField):
    """Pieces by the uid of their order line."""

    child = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


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
