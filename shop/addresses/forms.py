"""Form for a postal address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from core.forms import add_error
from shop.addresses import validation
from shop.pricing.forms import text_input
from shop.pricing.models import Market


class AddressForm(forms.Form):
    """A postal address in a country of the market. The postcode is checked against the country."""

    name = forms.CharField(label=_("Name"), max_length=validation.MAX_LENGTHS["name"], widget=text_input("name"))
    company = forms.CharField(
        label=_("Company"),
        max_length=validation.MAX_LENGTHS["company"],
        required=False,
        widget=text_input("organization"),
    )
    country = forms.ChoiceField(label=_("Country"), widget=forms.Select(attrs={"autocomplete": "country"}))
    street = forms.CharField(
        label=_("Street and number"), max_length=validation.MAX_LENGTHS["street"], widget=text_input("address-line1")
    )
    extra = forms.CharField(
        label=_("Apartment, floor"),
        max_length=validation.MAX_LENGTHS["extra"],
        required=False,
        widget=text_input("address-line2"),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=validation.MAX_TYPED_POSTCODE,
        required=False,
        widget=text_input("postal-code", autocapitalize="characters"),
    )
    city = forms.CharField(
        label=_("City"), max_length=validation.MAX_LENGTHS["city"], widget=text_input("address-level2")
    )
    region = forms.CharField(
        label=_("State or region"),
        max_length=validation.MAX_LENGTHS["region"],
        required=False,
        widget=text_input("address-level1"),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=validation.MAX_LENGTHS["phone"],
        required=False,
        help_text=_("Only used for delivery."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )

    def __init__(self, *args: Any, market: Market, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted(((code, str(countries.name(code))) for code in market.countries), key=lambda pair: pair[1])
        self.fields["country"].choices = named  # type: ignore[attr-defined]
        country = self.data.get(self.add_prefix("country")) or self.initial.get("country")
        self.fields["postcode"].required = country in validation.POSTCODES

    def clean(self) -> dict[str, Any]:
        """Return the cleaned address. Errors are added to their field."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            return validation.clean_address(cleaned)
        except validation.InvalidAddress as refusal:
            add_error(self, refusal)
            return cleaned
