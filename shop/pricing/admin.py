"""Prices in the admin."""

from django.contrib import admin
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.staff.read_only_admin import ReadOnlyAdmin
from core.templatetags.ui import money
from shop.pricing.models import Price


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
            edge and date_format(localtime(edge), "DATE_FORMAT") for edge in (row.valid.lower, row.valid.upper)
        )
        if begin and end:
            return _("%(begin)s to %(end)s") % {"begin": begin, "end": end}
        return _("since %(begin)s") % {"begin": begin} if begin else _("always")
