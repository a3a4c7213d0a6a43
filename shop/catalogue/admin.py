"""The catalogue in the admin: categories, options, products with their variants, pictures and prices."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.composition import cards, cross_references
from core.content.services.pictures import add_picture, describe_picture
from core.context import Actor, grant_of
from core.staff.edit_admin import EditAdmin
from shop.catalogue import services as catalogue
from shop.catalogue import services as catalogue_services
from shop.catalogue.forms import (
    CategoryForm,
    ImageForm,
    ProductForm,
    VariantForm,
    VariantFormSet,
    make_image_form,
    make_variant_form,
)
from shop.catalogue.models import Category, Option, OptionValue, Product, ProductImage, Variant, VariantOptionValue
from shop.catalogue.queries import get_all_skus
from shop.configuration.admin import ConfigurationAdmin
from shop.pricing.models import Market


@admin.register(Category)
class CategoryAdmin(ConfigurationAdmin):
    list_display = ("name", "slug", "parent", "position")
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    form = CategoryForm
    fields = ("name", "slug", "parent", "intro", "picture", ("picture_file", "picture_alt"), "position")
    prepopulated_fields: ClassVar = {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        form.keep_uploads(grant_of(request).actor)
        super().save_model(request, obj, form, change)

    def save(self, row: Category, by: Actor) -> None:
        catalogue_services.save_category(category=row, by=by)


class OptionValueInline(admin.StackedInline):
    model = OptionValue
    fields = (("name", "slug", "swatch", "position"), "note")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    extra = 0


@admin.register(Option)
class OptionAdmin(ConfigurationAdmin):
    list_display = ("name", "slug", "position")
    search_fields = ("name",)
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    inlines = (OptionValueInline,)

    def save(self, row: Option, by: Actor) -> None:
        catalogue_services.save_option(option=row, by=by)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        values = formset.save(commit=False)
        if values or formset.deleted_objects:
            by = grant_of(request).actor
            catalogue_services.save_option(option=form.instance, values=values, removed=formset.deleted_objects, by=by)


class VariantInline(admin.StackedInline):
    """Variants with options, price and stock. The price is that of the default market for one item."""

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
        return Variant.objects.with_prices(market, timezone.now()).with_stock().prefetch_related(chosen)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **{**kwargs, "form": build_variant_form()})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Variants are deactivated instead of deleted, because orders refer to them."""
        return False

    @admin.display(description=_("stock"))
    def free(self, variant: Variant) -> SafeString | str:
        return render_stock(variant)


class ProductImageInline(admin.StackedInline):
    """Pictures of a product with their alternative text and variant."""

    model = ProductImage
    form = ImageForm
    fields = ("preview", ("file", "alt"), ("variant", "position"))
    readonly_fields = ("preview",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductImage]:
        return super().get_queryset(request).select_related("picture")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        variants = Variant.objects.filter(product=obj) if obj else Variant.objects.none()
        return super().get_formset(request, obj, **{**kwargs, "form": make_image_form(variants)})

    @admin.display(description=_("picture"))
    def preview(self, image: ProductImage) -> SafeString | str:
        if not image.picture_id:
            return ""
        shown = image.picture.image
        return format_html('<img src="{}" alt="{}" width="72" height="72" loading="lazy">', shown.url, shown.alt)


@admin.register(Product)
class ProductAdmin(EditAdmin):
    list_display = ("title", "slug", "category", "status", "popularity", "stars")
    list_filter = ("status", "category")
    list_select_related = ("category",)
    search_fields = ("title", "slug", "=variants__sku")
    show_full_result_count = False
    form = ProductForm
    fields = ("title", "slug", "status", "category", "summary", "description", "attributes")
    change_form_template = "shop/admin/product.html"
    inlines = (VariantInline, ProductImageInline)

    @admin.display(description=_("rating"))
    def stars(self, product: Product) -> str:
        return f"{product.rating:.1f} ({product.rating_count})" if product.rating is not None else ""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Products are archived instead of deleted, because orders and links refer to them."""
        return False

    def save_model(self, request: HttpRequest, obj: Product, form: forms.ModelForm, change: bool) -> None:
        catalogue.save_product(product=obj, by=grant_of(request).actor)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows, then options, prices and pictures through the services."""
        if formset.model is ProductImage:
            for row in formset.forms:
                save_picture(row, by=grant_of(request).actor)
        if formset.model is not Variant:
            super().save_formset(request, form, formset, change)
            return
        formset.save(commit=False)
        for row in formset.forms:
            if row.has_changed():
                row.instance.product = form.instance
                save_variant_form(self, request, row)

    def history_subjects(self, obj: Product) -> list[tuple[str, str]]:
        slugs = [obj.slug, *obj.old_slugs.values_list("slug", flat=True)]
        skus = [sku for variant in obj.variants.all() for sku in get_all_skus(variant)]
        return [*((Product.public_kind, slug) for slug in slugs), *((Variant.public_kind, sku) for sku in skus)]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("title",)}


@admin.register(Variant)
class VariantAdmin(EditAdmin):
    """One variant with its options and its price."""

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
    change_form_template = "shop/admin/variant.html"

    def history_subjects(self, obj: Variant) -> list[tuple[str, str]]:
        return [(Variant.public_kind, sku) for sku in get_all_skus(obj)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return Variant.objects.with_prices(Market.objects.default(), timezone.now())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **{**kwargs, "form": build_variant_form()})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("product",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Variant, form: Any, change: bool) -> None:
        save_variant_form(self, request, form)


def build_variant_form() -> type[VariantForm]:
    """Build the form of variants with the default market and all option values."""
    values = OptionValue.objects.select_related("option").order_by("option__position", "option_id", "position", "id")
    return make_variant_form(Market.objects.default(), values)


def save_picture(form: Any, *, by: Actor) -> None:
    """Save the uploaded picture of a row, or the alternative text of an existing picture."""
    given = form.cleaned_data
    if given.get("file"):
        form.instance.picture = add_picture(upload=given["file"], alt=given["alt"], by=by)
    elif form.instance.pk and "alt" in form.changed_data and not given.get("DELETE"):
        describe_picture(picture_id=form.instance.picture_id, alt=given["alt"], by=by)


def save_variant_form(admin: EditAdmin, request: HttpRequest, form: VariantForm) -> None:
    """Save a variant's form through the services, and warn about posts that use its former SKU."""
    by, variant = grant_of(request).actor, form.instance
    former_sku = form.initial.get("sku", "")
    catalogue.save_variant(variant=variant, by=by)
    if "chosen" in form.changed_data:
        catalogue.set_options(variant=variant, values=form.cleaned_data["chosen"], by=by)
    if "price" in form.changed_data and form.cleaned_data["price"] is not None:
        market = Market.objects.default()
        # The form has already asked to confirm an unusual price.
        amount = form.cleaned_data["price"]
        catalogue.set_price(variant=variant, market=market, amount=amount, is_confirmed=True, by=by)
    if former_sku and former_sku != variant.sku:
        warn_about_renamed_sku(admin, request, former_sku, variant.sku)


def warn_about_renamed_sku(admin: EditAdmin, request: HttpRequest, former: str, current: str) -> None:
    sources = [
        ("post", slug)
        for slug in cross_references.sources_of(("product", former), "post", cross_references.MAX_REFERENCES)
    ]
    titles = [card.title for card in cards.resolve(sources, grant_of(request)).values()]
    words = _("%(former)s is now %(current)s. Links with the former SKU still work.")
    if titles:
        words = _(
            "%(former)s is now %(current)s. These posts use the former SKU. They still show the product, but should be "
            "updated: %(posts)s."
        )
    named = {"former": former, "current": current, "posts": ", ".join(titles)}
    admin.message_user(request, words % named, messages.WARNING)


def render_stock(variant: Variant) -> SafeString | str:
    """The number of items in stock, with a link to receive more."""
    if not variant.pk or variant.is_digital:
        return ""
    url = reverse("admin:shop_stocklevel_receive", query={"product": variant.product_id, "sku": variant.sku})
    free = getattr(variant, "in_stock", 0)
    return format_html('{} <a href="{}">{}</a>', free, url, gettext("Receive"))
