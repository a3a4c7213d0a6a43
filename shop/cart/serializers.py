"""Carts in the API."""

from rest_framework import serializers

from shop.cart.models import MAX_QUANTITY


class ItemsField(serializers.DictField):
    """Quantities by the uid of the order line."""

    child = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)
