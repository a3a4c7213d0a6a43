"""Where and how we sell: markets, taxes, delivery. Prices are set on a variant and are history here."""

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import ReadOnlyAdmin
from core.templatetags.ui import money
from shop.models import Market, Price, ShippingMethod, TaxRate


@admin.register(Market)
class MarketAdmin(ModelAdmin):
    list_display = ("name", "code", "currency", "prices_include_tax", "is_default")
    search_fields = ("name", "code")


@admin.register(TaxRate)
class TaxRateAdmin(ModelAdmin):
    list_display = ("country", "tax_class", "rate")
    list_filter = ("tax_class",)
    search_fields = ("=country",)


@admin.register(ShippingMethod)
class ShippingMethodAdmin(ModelAdmin):
    list_display = ("name", "market", "amount", "free_over", "min_days", "max_days", "is_pick_up", "is_active")
    list_filter = ("market", "is_active")
    list_select_related = ("market",)
    search_fields = ("name", "code")


@admin.register(Price)
class PriceAdmin(ReadOnlyAdmin):
    """What things cost and cost once."""

    list_display = fields = ("variant", "market", "min_qty", "price", "validity")
    list_filter = ("market",)
    list_select_related = ("variant", "market")
    search_fields = ("=variant__sku",)
    show_full_result_count = False

    @admin.display(description=gettext_lazy("price"))
    def price(self, row: Price) -> str:
        return money(row.market.money(row.amount))

    @admin.display(description=gettext_lazy("valid"), ordering="valid")
    def validity(self, row: Price) -> str:
        begin, end = (
            edge and date_format(localtime(edge), "DATETIME_FORMAT") for edge in (row.valid.lower, row.valid.upper)
        )
        if begin and end:
            return _("%(begin)s to %(end)s") % {"begin": begin, "end": end}
        return _("since %(begin)s") % {"begin": begin} if begin else _("always")
