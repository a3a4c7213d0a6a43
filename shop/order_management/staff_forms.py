"""What staff type into the shop, on an order's page and in the admin alike."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import Money
from shop.orders.models import Order, OrderLine
from shop.payments.services.transfers import MAX_STATEMENT_LENGTH
from shop.pricing.forms import MoneyInput


class ItemsForm(forms.Form):
    """A number field for each line of an order; `key` makes a press that is sent twice count once."""

    key = forms.CharField(max_length=60, widget=forms.HiddenInput, initial=lambda: uuid4().hex)

    def __init__(self, *args: Any, limits: Iterable[tuple[OrderLine, int]], fill: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line_fields = {}
        for line, most in limits:
            name = f"line-{line.uid}"
            label = " ".join(filter(None, (line.title, line.variant_title)))
            self.fields[name] = forms.IntegerField(
                label=label, min_value=0, max_value=most, required=False, initial=most if fill else 0
            )
            self.line_fields[name] = str(line.uid)

    @property
    def quantities(self) -> dict[str, int]:
        """How many pieces of which line, by its uid; lines with none left out."""
        counts = ((uid, self.cleaned_data.get(name) or 0) for name, uid in self.line_fields.items())
        return {uid: count for uid, count in counts if count}

    @property
    def item_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.line_fields]


class RefundForm(ItemsForm):
    """How much of an order goes back: all that is left, some pieces at what they cost, or an amount."""

    ALL, ITEMS, AMOUNT = "all", "items", "amount"

    what = forms.ChoiceField(label=_("Refund"), widget=forms.RadioSelect)
    amount = MoneyInput(label=_("Amount"), required=False)
    restock = forms.BooleanField(label=_("Restock returned items"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Only visible to staff."))

    def __init__(self, *args: Any, order: Order, lines: Iterable[OrderLine], refundable: Money, **kwargs: Any) -> None:
        limits = [(line, line.refundable_quantity) for line in lines if line.refundable_quantity]
        super().__init__(*args, limits=limits, **kwargs)
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            (self.ALL, _("Full remaining amount: %(amount)s") % {"amount": refundable.format()}),
            (self.ITEMS, _("Selected items")),
            (self.AMOUNT, _("Custom amount")),
        ]
        self.fields["amount"].currency = order.currency  # type: ignore[attr-defined]
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": order.currency}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("what") == self.AMOUNT and not cleaned.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Enter an amount."))
        if cleaned.get("what") == self.ITEMS and not self.quantities:
            self.add_error("what", _("Enter a quantity for at least one item."))
        return cleaned

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments of shop.payments.services.refunds.request_refund."""
        what = self.cleaned_data["what"]
        return {
            "amount": self.cleaned_data["amount"] if what == self.AMOUNT else None,
            "lines": self.quantities if what == self.ITEMS else None,
            "restock": self.cleaned_data["restock"],
            "reason": self.cleaned_data["reason"],
            "key": self.cleaned_data["key"],
        }


class FulfilForm(ItemsForm):
    """A parcel: what is in it and how it can be followed."""

    carrier = forms.CharField(label=_("Carrier"), max_length=60, required=False)
    tracking_code = forms.CharField(label=_("Tracking code"), max_length=80, required=False)
    tracking_url = forms.URLField(label=_("Tracking link"), max_length=300, required=False, assume_scheme="https")

    def __init__(self, *args: Any, lines: Iterable[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, limits=[(line, line.to_send) for line in lines if line.to_send], fill=True, **kwargs)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments of shop.order_management.services.fulfilment.fulfil_order."""
        details = ("carrier", "tracking_code", "tracking_url", "key")
        return {"lines": self.quantities, **{name: self.cleaned_data[name] for name in details}}


class StatementForm(forms.Form):
    """A line of the bank statement."""

    statement = forms.CharField(
        label=_("Bank statement line"),
        max_length=MAX_STATEMENT_LENGTH,
        help_text=_(
            "Text that identifies this transfer on the bank statement, such as its date and number. Each line can be "
            "recorded once."
        ),
    )


class TransferForm(StatementForm):
    """A transfer that came in, with what came in: perhaps less than is due, perhaps more."""

    amount = MoneyInput(
        label=_("Amount received"),
        help_text=_(
            "If it is less than the amount due, the order stays unpaid until the rest arrives. Refund any excess."
        ),
    )
    field_order = ("amount", "statement")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]
        self.fields["amount"].label = _("Amount received in %(currency)s") % {"currency": currency}
