"""Form to find an order without signing in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.validation.email_addresses import EmailField
from shop.pricing.forms import text_input


class FindOrderForm(forms.Form):
    """What a guest remembers of an order."""

    number = forms.CharField(
        label=_("Order number"), max_length=20, widget=text_input("off", autocapitalize="characters")
    )
    email = EmailField(
        label=_("E-mail address you ordered with"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
