"""Form fields for money."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import Money


def text_input(autocomplete: str, **attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})


class MoneyInput(forms.RegexField):
    """An amount in major units of a currency that is set before the form is bound."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^\d{1,12}([.,]\d{1,4})?$", widget=text_input("off", inputmode="decimal"), **kwargs)
        self.currency = ""

    def clean(self, value: Any) -> Money | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return Money.parse(text.replace(",", "."), self.currency)
        except ValueError:
            raise forms.ValidationError(_("Enter a valid amount."), code="invalid") from None
