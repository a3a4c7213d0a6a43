"""Forms of the cart."""

from django import forms

from shop.cart.models import MAX_QUANTITY


class AddLineForm(forms.Form):
    """An item to add to the cart: a SKU, or a product with chosen options."""

    sku = forms.CharField(max_length=60, required=False)
    product = forms.CharField(max_length=80, required=False)
    quantity = forms.IntegerField(min_value=1, max_value=MAX_QUANTITY, required=False)
    ref = forms.CharField(max_length=300, required=False)


class QuantityForm(forms.Form):
    """The quantity of a line; 0 removes it."""

    quantity = forms.IntegerField(min_value=0, max_value=MAX_QUANTITY)
