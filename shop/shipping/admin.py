"""Delivery methods in the admin."""

from django.contrib import admin

from core.context import Actor
from shop.configuration.admin import ConfigurationAdmin
from shop.shipping import services as shipping_services
from shop.shipping.models import ShippingMethod


@admin.register(ShippingMethod)
class ShippingMethodAdmin(ConfigurationAdmin):
    list_display = ("name", "market", "amount", "free_over", "min_days", "max_days", "is_pick_up", "is_active")
    list_filter = ("market", "is_active")
    list_select_related = ("market",)
    search_fields = ("name", "code")

    def save(self, row: ShippingMethod, by: Actor) -> None:
        shipping_services.save_shipping_method(method=row, by=by)
