"""Sales as insight keeps them, to look at."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from analytics.models import SaleFact, SaleSource
from core.admin import ReadOnlyAdmin


class SourceInline(admin.TabularInline):
    model = SaleSource
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(SaleFact)
class SaleFactAdmin(ReadOnlyAdmin):
    list_display = ("at", "order", "kind", "currency", "amount")
    list_filter = ("kind", "currency")
    search_fields = ("=order",)
    show_full_result_count = False
    inlines: ClassVar = [SourceInline]
