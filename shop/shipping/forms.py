"""Forms of delivery methods in the admin."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import Money
from shop.pricing.forms import MoneyInput
from shop.pricing.models import MAX_AMOUNT, Market
from shop.shipping.models import ShippingMethod


class ShippingMethodForm(forms.ModelForm):
    """A delivery method. Amounts are entered in the currency of its market."""

    amount = MoneyInput(label=_("Price"))
    free_over = MoneyInput(label=_("Free from"), required=False, help_text=_("Orders of this value ship free."))

    class Meta:
        model = ShippingMethod
        fields = (
            "market",
            "code",
            "name",
            "amount",
            "free_over",
            "min_days",
            "max_days",
            "countries",
            "is_pick_up",
            "is_active",
            "position",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self._get_market().currency
        for name in ("amount", "free_over"):
            self.fields[name].currency = currency  # type: ignore[attr-defined]
            minor = getattr(self.instance, name)
            if minor is not None:
                self.initial[name] = str(Money(minor, currency).amount)

    def clean_amount(self) -> int | None:
        return self._get_minor("amount")

    def clean_free_over(self) -> int | None:
        return self._get_minor("free_over")

    def _get_market(self) -> Market:
        """The market that was chosen, or else that of the saved method, or the default one."""
        chosen = str(self.data.get(self.add_prefix("market"), ""))
        key = int(chosen) if chosen.isascii() and chosen.isdigit() else self.instance.market_id
        return Market.objects.filter(pk=key).first() or Market.objects.default()

    def _get_minor(self, name: str) -> int | None:
        amount: Money | None = self.cleaned_data[name]
        if amount is None:
            return None
        if amount.minor > MAX_AMOUNT:
            highest = Money(MAX_AMOUNT, amount.currency).format()
            raise forms.ValidationError(_("The highest price is %(highest)s.") % {"highest": highest})
        return amount.minor
