"""Recorded sales in the admin, read-only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from analytics.models import SaleFact
from core.money import Money
from core.staff.read_only_admin import ReadOnlyAdmin


@admin.register(SaleFact)
class SaleFactAdmin(ReadOnlyAdmin):
    list_display = ("at", "order", "kind", "total")
    list_filter = ("kind", "currency")
    search_fields = ("=order",)
    fields = ("at", "day", "order", "kind", "total", "owed_to")
    show_full_result_count = False

    @admin.display(description=_("amount"), ordering="amount")
    def total(self, fact: SaleFact) -> str:
        return Money(fact.amount, fact.currency).format()

    @admin.display(description=_("attributed to"))
    def owed_to(self, fact: SaleFact) -> str:
        parts = fact.sources.order_by("kind", "public_id")
        return ", ".join(f"{part}: {Money(part.amount, fact.currency).format()}" for part in parts) or "–"
