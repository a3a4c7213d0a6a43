"""Filters of lists of orders."""

from typing import ClassVar

import django_filters

from core.api.fields import TimeFilter
from shop.orders.models import Order


class OrderFilter(django_filters.FilterSet):
    """Orders by state."""

    status = django_filters.ChoiceFilter(choices=Order.Status.choices)
    placed_after = TimeFilter(field_name="placed_at", lookup_expr="gte")
    placed_before = TimeFilter(field_name="placed_at", lookup_expr="lt")

    class Meta:
        model = Order
        fields: ClassVar[list[str]] = []
