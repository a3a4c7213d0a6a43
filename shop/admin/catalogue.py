"""The catalogue for staff: shelves, options, products with their variants, pictures and prices."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.middleware import grant_of
from core.pictures import add_picture
from shop.admin.catalogue_forms import (
    CategoryForm,
    ImageForm,
    ProductForm,
    VariantForm,
    VariantFormSet,
    image_form,
    variant_form,
)
from shop.models import Category, Market, Option, OptionValue, Product, ProductImage, Variant, VariantOptionValue
from shop.services import catalogue


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ("name", "slug", "parent", "position")
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    form = CategoryForm
    raw_id_fields = ("picture",)
    prepopulated_fields: ClassVar = {"slug": ("name",)}


class OptionValueInline(admin.StackedInline):
    model = OptionValue
    fields = (("name", "slug", "swatch", "position"), "note")
    extra = 0


@admin.register(Option)
class OptionAdmin(ModelAdmin):
    list_display = ("name", "slug", "position")
    search_fields = ("name",)
    inlines = (OptionValueInline,)


class VariantInline(admin.StackedInline):
    """Variants with options, price and what is free; the price is that of the default market, for one piece."""

    model = Variant
    form = VariantForm
    formset = VariantFormSet
    fields = (
        ("sku", "title", "position"),
        ("price", "confirm_price"),
        ("free", "weight_g", "tax_class"),
        "chosen",
        ("is_active", "is_digital"),
    )
    readonly_fields = ("free",)
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        market = Market.objects.default()
        chosen = Prefetch("option_values", VariantOptionValue.objects.order_by("option__position"))
        return Variant.objects.priced(market, timezone.now()).stocked().prefetch_related(chosen)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **{**kwargs, "form": shared_form()})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was sold once is not taken away; it is only not sold any more."""
        return False

    @admin.display(description=_("free"))
    def free(self, variant: Variant) -> str:
        return str(getattr(variant, "in_stock", ""))


class ProductImageInline(admin.StackedInline):
    """Pictures of a product: upload new ones, say what they show and which variant."""

    model = ProductImage
    form = ImageForm
    fields = ("preview", ("file", "alt"), ("variant", "position"))
    readonly_fields = ("preview",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductImage]:
        return super().get_queryset(request).select_related("picture")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        variants = Variant.objects.filter(product=obj) if obj else Variant.objects.none()
        return super().get_formset(request, obj, **{**kwargs, "form": image_form(variants)})

    @admin.display(description=_("picture"))
    def preview(self, image: ProductImage) -> SafeString | str:
        if not image.picture_id:
            return ""
        shown = image.picture.image
        return format_html('<img src="{}" alt="{}" width="72" height="72" loading="lazy">', shown.url, shown.alt)


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    list_display = ("title", "slug", "category", "status", "popularity", "stars")
    list_filter = ("status", "category")
    list_select_related = ("category",)
    search_fields = ("title", "slug", "=variants__sku")
    show_full_result_count = False
    form = ProductForm
    fields = ("title", "slug", "status", "category", "summary", "description", "attributes")
    inlines = (VariantInline, ProductImageInline)

    @admin.display(description=_("rating"))
    def stars(self, product: Product) -> str:
        return f"{product.rating:.1f} ({product.rating_count})" if product.rating is not None else ""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A product that was once sold is archived, so that orders and links keep their meaning."""
        return False

    def save_model(self, request: HttpRequest, obj: Product, form: forms.ModelForm, change: bool) -> None:
        catalogue.save_product(product=obj, by=grant_of(request).actor)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Rows first, then what the services keep: options, prices, pictures."""
        if formset.model is ProductImage:
            for row in formset.forms:
                if row.cleaned_data.get("file"):
                    upload, alt = row.cleaned_data["file"], row.cleaned_data["alt"]
                    row.instance.picture = add_picture(upload=upload, alt=alt, by=grant_of(request).actor)
        super().save_formset(request, form, formset, change)
        if formset.model is Variant:
            for row in formset.forms:
                if row.instance.pk and row.has_changed():
                    keep_variant(request, row)


@admin.register(Variant)
class VariantAdmin(ModelAdmin):
    """One variant: its options and its price."""

    list_display = ("sku", "product", "title", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("product",)
    search_fields = ("sku", "product__title")
    show_full_result_count = False
    form = VariantForm
    fields = (
        "product",
        "sku",
        "title",
        "chosen",
        ("price", "confirm_price"),
        "weight_g",
        "tax_class",
        "is_digital",
        "is_active",
        "position",
    )
    raw_id_fields = ("product",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return Variant.objects.priced(Market.objects.default(), timezone.now())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **{**kwargs, "form": shared_form()})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("product",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Variant, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        keep_variant(request, form)


def shared_form() -> type[VariantForm]:
    """The form of variants, with the default market and all option values."""
    values = OptionValue.objects.select_related("option").order_by("option__position", "option_id", "position", "id")
    return variant_form(Market.objects.default(), values)


def keep_variant(request: HttpRequest, form: VariantForm) -> None:
    """Hand what a variant's form says of options and price to the services, where it changed."""
    by = grant_of(request).actor
    if "chosen" in form.changed_data:
        catalogue.set_options(variant=form.instance, values=form.cleaned_data["chosen"], by=by)
    if "price" in form.changed_data and form.cleaned_data["price"] is not None:
        market = Market.objects.default()
        # The form has asked about an unusual price.
        catalogue.set_price(
            variant=form.instance, market=market, amount=form.cleaned_data["price"], is_confirmed=True, by=by
        )
