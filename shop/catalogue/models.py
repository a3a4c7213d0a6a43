"""Categories, products and their variants."""

from datetime import datetime
from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from tree_queries.fields import TreeNodeForeignKey
from tree_queries.models import TreeNode

from core.content.models import Picture
from core.ids import uuid7
from shop.pricing.models import Market, Price, TaxClass

LIST_FIELDS = ("slug", "title", "status", "summary", "popularity", "rating_count", "rating_sum")
validate_hex_colour = RegexValidator(r"^#[0-9a-f]{6}$", _("Enter a colour such as #d9c9ac."))


class Category(TreeNode):
    """A category of products. Categories form a tree by parent, which is read with a recursive query."""

    public_kind: ClassVar[str] = "category"

    parent = TreeNodeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    intro = models.TextField(_("introduction"), blank=True)
    picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="category_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return self.slug


class ProductQuerySet(models.QuerySet["Product"]):
    def active(self) -> Self:
        """Products for sale."""
        return self.filter(status=Product.Status.ACTIVE)

    def visible(self) -> Self:
        """Products that have a page: active and archived ones."""
        return self.exclude(status=Product.Status.DRAFT)

    def for_lists(self, *columns: str) -> Self:
        """Load only the fields that a card shows, and the `columns` a list is ordered by."""
        return self.only(*LIST_FIELDS, *columns)


class Product(models.Model):
    """A product with one or more variants. `description` is Markdown; `description_html` is rendered from it."""

    public_kind: ClassVar[str] = "product"

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("active")
        ARCHIVED = "archived", _("archived")

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=160)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
    description_html = models.TextField(blank=True, editable=False)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products", verbose_name=_("category"))
    attributes = models.JSONField(
        _("attributes"), default=dict, blank=True, help_text=_("For example materials, dimensions, capacity and care.")
    )
    popularity = models.PositiveIntegerField(
        _("popularity"), default=0, editable=False, help_text=_("Number of items sold.")
    )
    rating_count = models.PositiveIntegerField(_("number of ratings"), default=0, editable=False)
    rating_sum = models.PositiveIntegerField(_("sum of ratings"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=["draft", "active", "archived"]), name="product_status"),
            models.CheckConstraint(
                condition=Q(rating_sum__gte=F("rating_count"), rating_sum__lte=F("rating_count") * 5),
                name="product_rating",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("created_at").desc(), F("id").desc(), condition=Q(status="active"), name="product_newest"),
            models.Index(F("popularity").desc(), F("id").desc(), condition=Q(status="active"), name="product_popular"),
            models.Index(fields=["title", "id"], condition=Q(status="active"), name="product_title"),
            models.Index(
                F("category"),
                F("popularity").desc(),
                F("id").desc(),
                condition=Q(status="active"),
                name="product_popular_on_shelf",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def public_id(self) -> str:
        return self.slug

    @property
    def rating(self) -> float | None:
        """The mean of the published ratings, or None without any."""
        return self.rating_sum / self.rating_count if self.rating_count else None


class ProductSlug(models.Model):
    """A former slug of a product, so that old links still work."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="old_slugs", verbose_name=_("product"))
    slug = models.SlugField(_("slug"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("former slug")
        verbose_name_plural = _("former slugs")

    def __str__(self) -> str:
        return self.slug


class Option(models.Model):
    """An attribute that variants differ in, such as colour or size."""

    public_kind: ClassVar[str] = "option"

    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return self.slug


class OptionValue(models.Model):
    """One value of an option, with the colour of its swatch."""

    option = models.ForeignKey(Option, models.CASCADE, related_name="values", verbose_name=_("option"))
    slug = models.SlugField(_("slug"), max_length=60)
    name = models.CharField(_("name"), max_length=60)
    note = models.CharField(_("note"), max_length=300, blank=True)
    swatch = models.CharField(_("swatch"), max_length=7, blank=True, validators=[validate_hex_colour])
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("option value")
        verbose_name_plural = _("option values")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["option", "slug"], name="option_value_once"),
            # The target of the composite foreign key of VariantOptionValue.
            models.UniqueConstraint(fields=["id", "option"], name="option_value_of_option"),
            models.CheckConstraint(
                condition=Q(swatch="") | Q(swatch__regex=r"^#[0-9a-f]{6}$"), name="option_value_swatch"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class VariantQuerySet(models.QuerySet["Variant"]):
    def for_sale(self) -> Self:
        """Active variants of active products, with or without stock."""
        return self.filter(is_active=True, product__status=Product.Status.ACTIVE)

    def with_prices(self, market: Market, now: datetime, quantity: int = 1) -> Self:
        """Annotate `amount`: the unit price in minor units for a `quantity`, or null if not sold in the market."""
        valid = Price.objects.valid(market, now).filter(variant=OuterRef("pk"), min_qty__lte=quantity)
        return self.annotate(amount=Subquery(valid.order_by("-min_qty").values("amount")[:1]))

    def with_stock(self) -> Self:
        """Annotate `in_stock` (unreserved items on hand) and `available` (the same with backorders)."""
        free = Sum(F("levels__on_hand") - F("levels__reserved"))
        return self.annotate(
            in_stock=Coalesce(free, 0),
            available=Coalesce(Sum(F("levels__on_hand") - F("levels__reserved") + F("levels__backorder_limit")), 0),
        )


class Variant(models.Model):
    """A variant of a product, with its own SKU, price and stock.

    `combination` lists its option values ("color=blue size=large"), so that a product has each combination once.
    """

    public_kind: ClassVar[str] = "variant"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="variants", verbose_name=_("product"))
    sku = models.CharField(
        _("SKU"),
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9][A-Z0-9-]*$", _("Use A-Z, 0-9, -."))],
    )
    title = models.CharField(_("title"), max_length=160, blank=True, help_text=_("Shown after the product title."))
    values = models.ManyToManyField(
        OptionValue, through="VariantOptionValue", related_name="variants", verbose_name=_("option values")
    )
    combination = models.CharField(_("combination"), max_length=300, blank=True, editable=False)
    weight_g = models.PositiveIntegerField(_("weight in grams"), default=0)
    tax_class = models.CharField(_("tax class"), max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    is_digital = models.BooleanField(_("digital"), default=False, help_text=_("Not shipped and always in stock."))
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    # Annotated by `with_prices()` and `with_stock()`.
    amount: int | None
    in_stock: int
    available: int

    objects = VariantQuerySet.as_manager()

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "combination"], name="variant_combination_once"),
            models.CheckConstraint(condition=Q(tax_class__in=TaxClass.values), name="variant_tax_class"),
            models.CheckConstraint(condition=Q(sku__regex=r"^[A-Z0-9][A-Z0-9-]*$"), name="variant_sku"),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def public_id(self) -> str:
        return self.sku


class VariantSku(models.Model):
    """A former SKU of a variant, so that posts and links that use it still work."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="old_skus", verbose_name=_("variant"))
    sku = models.CharField(_("SKU"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("former SKU")
        verbose_name_plural = _("former SKUs")

    def __str__(self) -> str:
        return self.sku


class VariantOptionValue(models.Model):
    """The value of an option that a variant has. A composite key ensures that the value belongs to the option."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="option_values", verbose_name=_("variant"))
    option = models.ForeignKey(Option, models.PROTECT, related_name="+", verbose_name=_("option"))
    value = models.ForeignKey(OptionValue, models.PROTECT, related_name="+", verbose_name=_("value"))

    class Meta:
        verbose_name = _("option of a variant")
        verbose_name_plural = _("options of a variant")
        ordering: ClassVar = ["option__position", "option_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["variant", "option"], name="variant_option_once"),
        ]

    def __str__(self) -> str:
        return f"{self.option_id}={self.value_id}"


class ProductImage(models.Model):
    """A picture of a product, or of one of its variants."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="images", verbose_name=_("product"))
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="images", verbose_name=_("variant")
    )
    picture = models.ForeignKey(Picture, models.PROTECT, related_name="+", verbose_name=_("picture"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("product picture")
        verbose_name_plural = _("product pictures")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["product", "picture"], name="product_image_once")]

    def __str__(self) -> str:
        return gettext("picture %(place)d") % {"place": self.position + 1}
