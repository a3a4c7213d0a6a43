"""Forms of the checkout."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.validation.email_addresses import EmailField
from shop.addresses.forms import AddressForm


class ContactForm(forms.Form):
    """Who orders."""

    email = EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("For the confirmation and news of this order, nothing else."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class DeliveryForm(AddressForm):
    """Where an order goes; who is signed in may save the address for the next time."""

    save_address = forms.BooleanField(label=_("Save this address in my account"), required=False)

    def __init__(self, *args: Any, may_save: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_save:
            del self.fields["save_address"]

    @property
    def wants_saving(self) -> bool:
        return self.is_valid() and "save_address" in self.fields and bool(self["save_address"].data)


class PaymentForm(forms.Form):
    """How to pay, and whether the bill goes elsewhere."""

    provider = forms.ChoiceField(label=_("Way to pay"), widget=forms.RadioSelect)
    other_billing = forms.BooleanField(label=_("Use a different billing address"), required=False)

    def __init__(self, *args: Any, providers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = providers  # type: ignore[attr-defined]


class PlaceForm(forms.Form):
    """The last press: what the customer saw and how they pay."""

    quote_hash = forms.CharField(max_length=64)
    provider = forms.CharField(max_length=20)
