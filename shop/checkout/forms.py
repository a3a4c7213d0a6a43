"""Forms of the checkout."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.validation.email_addresses import EmailField
from shop.addresses.forms import AddressForm


class ContactForm(forms.Form):
    """The contact of an order."""

    email = EmailField(
        label=_("Email address"),
        max_length=254,
        help_text=_("Only used for updates about this order."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class DeliveryForm(AddressForm):
    """The delivery address. Users who are signed in can save it."""

    save_address = forms.BooleanField(label=_("Save this address in my account"), required=False)

    def __init__(self, *args: Any, may_save: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_save:
            del self.fields["save_address"]

    @property
    def should_save_address(self) -> bool:
        return self.is_valid() and "save_address" in self.fields and bool(self["save_address"].data)


class PaymentForm(forms.Form):
    """The payment method, and whether the billing address differs."""

    provider = forms.ChoiceField(label=_("Payment method"), widget=forms.RadioSelect)
    other_billing = forms.BooleanField(label=_("Use a different billing address"), required=False)

    def __init__(self, *args: Any, providers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = providers  # type: ignore[attr-defined]


class PlaceForm(forms.Form):
    """The quote that the customer saw, and the payment method."""

    quote_hash = forms.CharField(max_length=64)
    provider = forms.CharField(max_length=20)
