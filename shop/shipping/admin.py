"""Delivery methods in the admin."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.templatetags.ui import money
from shop.configuration.admin import ConfigurationAdmin
from shop.shipping import services as shipping_services
from shop.shipping.forms import ShippingMethodForm
from shop.shipping.models import ShippingMethod


@admin.register(ShippingMethod)
class ShippingMethodAdmin(ConfigurationAdmin):
    form = ShippingMethodForm
    list_display = ("name", "market", "price", "free_from", "min_days", "max_days", "is_pick_up", "is_active")
    list_filter = ("market", "is_active")
    list_select_related = ("market",)
    search_fields = ("name", "code")

    @admin.display(description=_("price"), ordering="amount")
    def price(self, method: ShippingMethod) -> str:
        return money(method.market.money(method.amount))

    @admin.display(description=_("free from"), ordering="free_over")
    def free_from(self, method: ShippingMethod) -> str:
        return "" if method.free_over is None else money(method.market.money(method.free_over))

    def save(self, row: ShippingMethod, by: Actor) -> None:
        shipping_services.save_shipping_method(method=row, by=by)
