"""Where and how we sell: markets, taxes, delivery. Prices are set on a variant and are history here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.context import grant_of
from core.errors import DomainError
from core.forms import add_error
from core.staff.edit_admin import EditAdmin
from shop.markets import queries as tax
from shop.markets import services as markets
from shop.pricing.models import Market, TaxRate


class MarketForm(forms.ModelForm):
    """A market; what would close the shop or change what its prices mean is refused beside its field."""

    class Meta:
        model = Market
        fields = ("name", "code", "currency", "prices_include_tax", "countries", "is_default")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                markets.check_market(
                    pk=self.instance.pk,
                    currency=cleaned["currency"],
                    countries_in=cleaned["countries"],
                    is_default=cleaned["is_default"],
                )
            except DomainError as refusal:
                add_error(self, refusal)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # The service takes the mark from the former default market, so two are no mistake here.
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]  # not in the stubs


class MissingRatesAdmin(EditAdmin):
    """Names, above its list, what cannot be sold because its tax is not decided."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        missing = tax.get_missing_rates(timezone.now())
        if missing and request.method == "GET":
            text = _(
                "Tax rates are missing, so these products cannot be sold: %(rates)s. Add the rates; enter 0 where no "
                "tax is due."
            )
            messages.warning(request, text % {"rates": tax.format_missing_rates(missing)})
        return super().changelist_view(request, extra_context)


@admin.register(Market)
class MarketAdmin(MissingRatesAdmin):
    list_display = ("name", "code", "currency", "prices_include_tax", "is_default")
    search_fields = ("name", "code")
    form = MarketForm
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The default market stays: without it the shop is closed."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)

    def save_model(self, request: HttpRequest, obj: Market, form: forms.ModelForm, change: bool) -> None:
        markets.save_market(market=obj, by=grant_of(request).actor)

    def delete_model(self, request: HttpRequest, obj: Market) -> None:
        markets.delete_market(market=obj, by=grant_of(request).actor)


@admin.register(TaxRate)
class TaxRateAdmin(MissingRatesAdmin):
    list_display = ("country", "tax_class", "rate")
    list_filter = ("tax_class",)
    search_fields = ("=country",)

    def save_model(self, request: HttpRequest, obj: TaxRate, form: forms.ModelForm, change: bool) -> None:
        markets.save_tax_rate(rate=obj, by=grant_of(request).actor)

    def delete_model(self, request: HttpRequest, obj: TaxRate) -> None:
        markets.delete_tax_rate(rate=obj, by=grant_of(request).actor)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TaxRate]) -> None:
        for rate in queryset:
            self.delete_model(request, rate)
