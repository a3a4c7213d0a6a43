"""Forms about stock."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Variant
from shop.stock.models import StockMovement, Warehouse


class StockForm(forms.Form):
    """Pieces that came in, or a correction with its reason."""

    RECEIVE, ADJUST = "receive", "adjust"

    what = forms.ChoiceField(
        label=_("Change"),
        choices=[(RECEIVE, _("Stock received")), (ADJUST, _("Correction"))],
        widget=forms.RadioSelect,
    )
    change = forms.IntegerField(
        label=_("Items"), min_value=-100_000, max_value=100_000, help_text=_("A correction may be negative.")
    )
    cause = forms.ChoiceField(
        label=_("Reason for the correction"), choices=[("", "---------"), *StockMovement.Cause.choices], required=False
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    key = forms.CharField(max_length=60, widget=forms.HiddenInput, initial=lambda: uuid4().hex)

    def clean(self) -> dict[str, Any]:
        """A correction says why; what came in needs no reason."""
        cleaned = super().clean() or {}
        if cleaned.get("what") == self.ADJUST and not cleaned.get("cause"):
            self.add_error("cause", _("Choose why the count is corrected."))
        return cleaned

    @property
    def is_receipt(self) -> bool:
        return bool(self.cleaned_data["what"] == self.RECEIVE)


class ReceiveForm(StockForm):
    """The same for any SKU and warehouse."""

    sku = forms.CharField(label=_("SKU"), max_length=60)
    warehouse = forms.ModelChoiceField(
        Warehouse.objects.all(), label=_("Warehouse"), to_field_name="code", empty_label=None
    )
    field_order = ("sku", "warehouse", "what", "change", "cause", "note")

    def __init__(self, *args: Any, variants: Iterable[Variant] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(one.sku, f"{one.sku} {one.title}".strip()) for one in variants]
        if offered:
            self.fields["sku"] = forms.ChoiceField(label=_("SKU"), choices=offered)
            self.order_fields(self.field_order)
