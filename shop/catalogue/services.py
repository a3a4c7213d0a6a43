"""Save products and their variants, options and categories."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.content import markdown
from core.context import Actor
from core.errors import Conflict, Invalid
from core.events import services as events
from core.money import Money
from shop.catalogue.models import (
    Category,
    Option,
    OptionValue,
    Product,
    ProductSlug,
    Variant,
    VariantOptionValue,
    VariantSku,
)
from shop.configuration.services import save_row
from shop.pricing.models import MAX_AMOUNT, Market, Price

UNUSUAL_PRICE_FACTOR = 10
UNUSUAL_PRICE_AMOUNT = 10**8


class SlugTaken(Conflict):
    code = "slug_taken"
    message = _("Another product uses, or has used, this slug.")


class SkuTaken(Conflict):
    code = "sku_taken"
    message = _("Another variant uses, or has used, this SKU.")


class CombinationTaken(Conflict):
    code = "combination_taken"
    message = _("The product already has a variant with these options.")


class DuplicateOption(Invalid):
    code = "option_twice"
    message = _("Choose one value for each option.")


class InvalidPrice(Invalid):
    code = "invalid_price"
    message = _("Enter a price in the market's currency that is not negative and starts after the current price.")


class UnusualPrice(Invalid):
    """A price that needs a confirmation: 0, or many times the usual price."""

    code = "unusual_price"
    message = _("%(amount)s is an unusual price. Confirm it to save it.")


@transaction.atomic
def save_product(*, product: Product, by: Actor, now: datetime | None = None) -> Product:
    """Save a product: render its description and store its former slug.

    Raises Denied, SlugTaken. Records product.added or product.changed.
    """
    by.require("shop.change_product")
    former = Product.objects.select_for_update(no_key=True).filter(pk=product.pk).first() if product.pk else None
    _check_slug(product)
    product.description_html = markdown.render(product.description).html
    product.updated_at = now or timezone.now()
    product.save()
    if former is not None and former.slug != product.slug:
        ProductSlug.objects.filter(slug=product.slug).delete()
        ProductSlug.objects.create(product=product, slug=former.slug)
    name = "product.added" if former is None else "product.changed"
    former_slug = former.slug if former else ""
    events.record(name, product, by=by, now=now, status=product.status, former_slug=former_slug)
    return product


@transaction.atomic
def save_variant(*, variant: Variant, by: Actor, now: datetime | None = None) -> Variant:
    """Save a variant and store its former SKU. Locks the product, then the variant.

    Raises Denied, SkuTaken. Records variant.added, variant.renamed or variant.changed.
    """
    is_new = variant.pk is None
    by.require("shop.add_variant" if is_new else "shop.change_variant")
    Product.objects.select_for_update(no_key=True).get(pk=variant.product_id)
    former = Variant.objects.select_for_update(no_key=True, of=("self",)).filter(pk=variant.pk).first()
    _check_sku(variant)
    variant.save()
    if former is None:
        events.record("variant.added", variant, by=by, now=now, product=variant.product.slug)
    elif former.sku == variant.sku:
        events.record("variant.changed", variant, by=by, now=now, product=variant.product.slug)
    else:
        VariantSku.objects.filter(sku=variant.sku).delete()
        VariantSku.objects.create(variant=variant, sku=former.sku)
        events.record("variant.renamed", variant, by=by, now=now, former_sku=former.sku)
    return variant


@transaction.atomic
def set_options(*, variant: Variant, values: Iterable[OptionValue], by: Actor, now: datetime | None = None) -> Variant:
    """Set the option values of a variant. Locks the product.

    Raises Denied, OptionTwice, CombinationTaken. Records product.changed.
    """
    by.require("shop.change_variant")
    product = Product.objects.select_for_update(no_key=True).get(pk=variant.product_id)
    chosen = sorted(values, key=lambda value: (value.option.position, value.option_id))
    if len({value.option_id for value in chosen}) < len(chosen):
        raise DuplicateOption(field="values")
    combination = " ".join(f"{value.option.slug}={value.slug}" for value in chosen)
    if product.variants.filter(combination=combination).exclude(pk=variant.pk).exists():
        raise CombinationTaken(field="values")
    variant.combination = combination
    variant.save(update_fields=["combination"])
    variant.option_values.all().delete()
    VariantOptionValue.objects.bulk_create(
        VariantOptionValue(variant=variant, option=value.option, value=value) for value in chosen
    )
    events.record("product.changed", product, by=by, now=now, sku=variant.sku)
    return variant


@transaction.atomic
def set_price(
    *,
    variant: Variant,
    market: Market,
    amount: Money,
    by: Actor,
    min_qty: int = 1,
    is_confirmed: bool = False,
    now: datetime | None = None,
) -> Price:
    """Set the price of a variant from now on. The current price ends and stays as history. Locks the variant.

    Raises Denied, InvalidPrice, and UnusualPrice unless `is_confirmed`. Records price.changed.
    """
    by.require("shop.change_price")
    now = now or timezone.now()
    if not 0 <= amount.minor <= MAX_AMOUNT or amount.currency != market.currency or min_qty < 1:
        raise InvalidPrice(field="amount")
    if not is_confirmed and is_unusual_price(variant=variant, market=market, amount=amount):
        raise UnusualPrice(amount=amount.format(), field="amount")
    Variant.objects.select_for_update(no_key=True).get(pk=variant.pk)
    running = Price.objects.filter(variant=variant, market=market, min_qty=min_qty, valid__endswith=None).first()
    former = running.amount if running else None
    if running and running.amount == amount.minor:
        return running
    if running:
        if running.valid.lower >= now:
            raise InvalidPrice(field="amount")
        running.valid = DateTimeTZRange(running.valid.lower, now)
        running.save(update_fields=["valid"])
    price = Price.objects.create(
        variant=variant, market=market, min_qty=min_qty, amount=amount.minor, valid=DateTimeTZRange(now, None)
    )
    data = {"market": market.code, "amount": amount.minor, "currency": market.currency, "former": former}
    events.record("price.changed", variant, by=by, now=now, min_qty=min_qty, **data)
    return price


def is_unusual_price(*, variant: Variant | None, market: Market, amount: Money) -> bool:
    """Whether a price is likely to be a mistake: 0, ten times the current price, or ten times all others."""
    running = Price.objects.filter(market=market, valid__endswith=None)
    former = running.filter(variant=variant, min_qty=1).first() if variant and variant.pk else None
    if amount.minor == 0 or amount.minor >= UNUSUAL_PRICE_AMOUNT:
        return former is None or former.amount != amount.minor
    usual: int = former.amount if former else running.aggregate(highest=Max("amount", default=0))["highest"]
    return 0 < usual * UNUSUAL_PRICE_FACTOR <= amount.minor


def _check_sku(variant: Variant) -> None:
    """A former SKU may be used again by its own variant, but not by another one: old links lead to the first."""
    same = Variant.objects.filter(sku=variant.sku).exclude(pk=variant.pk)
    former = VariantSku.objects.filter(sku=variant.sku).exclude(variant=variant.pk)
    if same.exists() or former.exists():
        raise SkuTaken(field="sku")


def _check_slug(product: Product) -> None:
    """A former slug may be used again by its own product, but not by another one: old links lead to the first."""
    same = Product.objects.filter(slug=product.slug).exclude(pk=product.pk)
    former = ProductSlug.objects.filter(slug=product.slug).exclude(product=product.pk)
    if same.exists() or former.exists():
        raise SlugTaken(field="slug")


# Paths of shop pages, which would hide a category of the same name.
RESERVED_SLUGS = frozenset({"addresses", "cart", "checkout", "orders", "p", "sandbox"})


class ReservedSlug(Invalid):
    code = "reserved_slug"
    message = _("A page of the shop already uses this slug.")


def save_category(*, category: Category, by: Actor, now: datetime | None = None) -> Category:
    """Save a new or changed category. Raises Denied, ReservedSlug. Records category.saved."""
    if category.slug in RESERVED_SLUGS:
        raise ReservedSlug(field="slug")
    return save_row(category, by, now)


@transaction.atomic
def save_option(
    *,
    option: Option,
    values: Iterable[OptionValue] = (),
    removed: Iterable[OptionValue] = (),
    by: Actor,
    now: datetime | None = None,
) -> Option:
    """Save an option and its new, changed and removed values. Raises Denied. Records option.saved."""
    save_row(option, by, now)
    for value in removed:
        value.delete()
    for value in values:
        value.option = option
        value.save()
    return option
