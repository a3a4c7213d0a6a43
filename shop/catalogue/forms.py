"""Forms of the catalogue in the admin. Data that several rows need is read once and shared by all forms of a page."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from core.content.picture_fields import PictureField, PictureForm, UploadField, alt_field, upload_field
from core.money import Money
from shop.catalogue import services as catalogue
from shop.catalogue.models import Category, OptionValue, Product, ProductImage, ProductSlug, Variant, VariantSku
from shop.pricing.forms import MoneyInput
from shop.pricing.models import MAX_AMOUNT, Market


class CategoryForm(PictureForm):
    picture = PictureField(label=_("Picture"))
    picture_file, picture_alt = upload_field(), alt_field()

    class Meta:
        model = Category
        fields = ("name", "slug", "parent", "intro", "picture", "position")


class ProductForm(forms.ModelForm):
    class Meta:
        model = Product
        fields = ("title", "slug", "status", "category", "summary", "description", "attributes")
        widgets: ClassVar = {
            "summary": forms.Textarea(attrs={"rows": 2, "cols": 100}),
            "description": forms.Textarea(attrs={"rows": 12, "cols": 100}),
        }

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if ProductSlug.objects.filter(slug=slug).exclude(product=self.instance.pk).exists():
            raise forms.ValidationError(_("Another product has used this slug."), code="taken")
        return slug


class VariantForm(forms.ModelForm):
    """A variant with its option values and its price in the default market."""

    market: ClassVar[Market]
    values: ClassVar[Sequence[tuple[int, str]]]

    chosen = forms.ModelMultipleChoiceField(
        OptionValue.objects.select_related("option"), required=False, label=_("Options")
    )
    price = MoneyInput(required=False, label=_("Price"))
    confirm_price = forms.BooleanField(
        required=False, label=_("Save this unusual price"), widget=forms.HiddenInput, initial=False
    )

    class Meta:
        model = Variant
        fields = ("sku", "title", "weight_g", "tax_class", "is_digital", "is_active", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = self.values  # type: ignore[attr-defined]
        self.fields["price"].currency = self.market.currency  # type: ignore[attr-defined]
        self.fields["price"].label = _("Price in %(currency)s") % {"currency": self.market.currency}
        if self.instance.pk:
            self.initial["chosen"] = [chosen.value_id for chosen in self.instance.option_values.all()]
            amount = getattr(self.instance, "amount", None)
            self.initial["price"] = str(self.market.money(amount).amount) if amount is not None else ""

    def clean_price(self) -> Money | None:
        """Require a confirmation for a price that is likely to be a mistake."""
        price: Money | None = self.cleaned_data["price"]
        if price is None and self.initial.get("price"):
            raise forms.ValidationError(
                _("Enter a price. To stop selling this variant, clear “Active”."), code="price_missing"
            )
        is_confirmed = str(self.data.get(self.add_prefix("confirm_price"), "")).lower() in {"on", "true", "1"}
        if price is None or "price" not in self.changed_data:
            return price
        if price.minor > MAX_AMOUNT:
            highest = Money(MAX_AMOUNT, price.currency)
            raise forms.ValidationError(_("The highest price is %(highest)s.") % {"highest": highest.format()})
        if not is_confirmed and catalogue.is_unusual_price(variant=self.instance, market=self.market, amount=price):
            self.fields["confirm_price"].widget = forms.CheckboxInput()
            text = _("%(amount)s is an unusual price. To keep it, select “Save this unusual price” and save again.")
            raise forms.ValidationError(text % {"amount": price.format()}, code="unusual_price")
        return price

    def clean_chosen(self) -> list[OptionValue]:
        chosen = list(self.cleaned_data["chosen"])
        if len({value.option_id for value in chosen}) < len(chosen):
            raise forms.ValidationError(_("Choose one value for each option."), code="option_twice")
        return sorted(chosen, key=lambda value: (value.option.position, value.option_id))

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"]
        if VariantSku.objects.filter(sku=sku).exclude(variant=self.instance.pk).exists():
            raise forms.ValidationError(_("Another variant has used this SKU."), code="taken")
        return sku

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "chosen" in cleaned:
            product = self.instance.product_id or getattr(cleaned.get("product"), "pk", None)
            combination = " ".join(f"{value.option.slug}={value.slug}" for value in cleaned["chosen"])
            same = Variant.objects.filter(product=product, combination=combination).exclude(pk=self.instance.pk)
            if product and same.exists():
                self.add_error("chosen", _("The product already has a variant with these options."))
            self.instance.combination = combination
        return cleaned


class VariantFormSet(BaseInlineFormSet):
    """Checks that two new rows do not have the same options."""

    def clean(self) -> None:
        super().clean()
        rows = [row for row in self.forms if row not in self.deleted_forms and row.has_changed()]
        combinations = [row.instance.combination for row in rows]
        if len(set(combinations)) < len(combinations):
            raise forms.ValidationError(_("Two of these variants have the same options."), code="same_options")


class ImageForm(forms.ModelForm):
    """A picture of a product, or of one of its variants."""

    variants: ClassVar[Sequence[tuple[Any, str]]]

    file = UploadField(required=False, label=_("Upload"))
    alt = forms.CharField(
        required=False, max_length=400, label=_("Alternative text"), widget=forms.TextInput({"size": 50})
    )

    class Meta:
        model = ProductImage
        fields = ("variant", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["variant"].choices = self.variants  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["alt"] = self.instance.picture.alt

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("file") and not self.instance.pk and "file" not in self.errors:
            self.add_error("file", _("Choose a picture."))
        is_removed = cleaned.get("DELETE", False)
        if (cleaned.get("file") or self.instance.pk) and not cleaned.get("alt") and not is_removed:
            self.add_error("alt", _("Describe the picture for people who cannot see it."))
        return cleaned


def make_variant_form(market: Market, values: Iterable[OptionValue]) -> type[VariantForm]:
    """Make a form class for variants with the data that all rows share."""
    choices = [(value.pk, f"{value.option.name}: {value.name}") for value in values]
    return type("VariantForm", (VariantForm,), {"market": market, "values": choices})


def make_image_form(variants: Iterable[Variant]) -> type[ImageForm]:
    """Make a form class for pictures with the variants of the product."""
    choices = [("", _("all variants")), *((variant.pk, variant.sku) for variant in variants)]
    return type("ImageForm", (ImageForm,), {"variants": choices})
