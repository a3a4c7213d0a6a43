"""What people type into the shop. Forms check the shape; services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from core.forms import add_error
from core.money import Money
from core.validation.email_addresses import EmailField
from shop import addresses
from shop.models import Market
from shop.models.cart import MAX_QUANTITY


def _typed(autocomplete: str, **attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})


class AddLineForm(forms.Form):
    """Something to put in the cart: a SKU, or a product with chosen options."""

    sku = forms.CharField(max_length=60, required=False)
    product = forms.CharField(max_length=80, required=False)
    quantity = forms.IntegerField(min_value=1, max_value=MAX_QUANTITY, required=False)
    ref = forms.CharField(max_length=300, required=False)


class QuantityForm(forms.Form):
    """How many pieces a line is to have; 0 takes it out."""

    quantity = forms.IntegerField(min_value=0, max_value=MAX_QUANTITY)


class ContactForm(forms.Form):
    """Who orders."""

    email = EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("For the confirmation and news of this order, nothing else."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class AddressForm(forms.Form):
    """An address in one of the given countries; the postcode is checked against the country."""

    name = forms.CharField(label=_("Name"), max_length=addresses.LIMITS["name"], widget=_typed("name"))
    company = forms.CharField(
        label=_("Company"), max_length=addresses.LIMITS["company"], required=False, widget=_typed("organization")
    )
    country = forms.ChoiceField(label=_("Country"), widget=forms.Select(attrs={"autocomplete": "country"}))
    street = forms.CharField(
        label=_("Street and number"), max_length=addresses.LIMITS["street"], widget=_typed("address-line1")
    )
    extra = forms.CharField(
        label=_("Flat, floor, door"),
        max_length=addresses.LIMITS["extra"],
        required=False,
        widget=_typed("address-line2"),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=addresses.MAX_TYPED_POSTCODE,
        required=False,
        widget=_typed("postal-code", autocapitalize="characters"),
    )
    city = forms.CharField(label=_("Town"), max_length=addresses.LIMITS["city"], widget=_typed("address-level2"))
    region = forms.CharField(
        label=_("Region or county"),
        max_length=addresses.LIMITS["region"],
        required=False,
        widget=_typed("address-level1"),
    )
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=addresses.LIMITS["phone"],
        required=False,
        help_text=_("Only for the courier."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )

    def __init__(self, *args: Any, market: Market, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted(((code, str(countries.name(code))) for code in market.countries), key=lambda pair: pair[1])
        self.fields["country"].choices = named  # type: ignore[attr-defined]
        country = self.data.get(self.add_prefix("country")) or self.initial.get("country")
        self.fields["postcode"].required = country in addresses.POSTCODES

    def clean(self) -> dict[str, Any]:
        """The tidy address; what is wrong with it stands at its field."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            return addresses.clean(cleaned)
        except addresses.InvalidAddress as refusal:
            add_error(self, refusal)
            return cleaned


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


class FindOrderForm(forms.Form):
    """What a guest remembers of an order."""

    number = forms.CharField(label=_("Order number"), max_length=20, widget=_typed("off", autocapitalize="characters"))
    email = EmailField(
        label=_("E-mail address you ordered with"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class WriteReviewForm(forms.Form):
    """A buyer's words."""

    rating = forms.TypedChoiceField(
        label=_("Stars"),
        coerce=int,
        choices=[
            (1, _("1, poor")),
            (2, _("2, not for me")),
            (3, _("3, fair")),
            (4, _("4, good")),
            (5, _("5, love it")),
        ],
        widget=forms.RadioSelect,
    )
    title = forms.CharField(label=_("Headline"), max_length=120, required=False)
    body = forms.CharField(
        label=_("What is it like to live with?"), max_length=4000, required=False, widget=forms.Textarea
    )


class MoneyInput(forms.RegexField):
    """An amount in major units of a currency that is set before the form is bound."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^\d{1,12}([.,]\d{1,4})?$", widget=_typed("off", inputmode="decimal"), **kwargs)
        self.currency = ""

    def clean(self, value: Any) -> Money | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return Money.parse(text.replace(",", "."), self.currency)
        except ValueError:
            raise forms.ValidationError(_("This is not an amount."), code="invalid") from None
