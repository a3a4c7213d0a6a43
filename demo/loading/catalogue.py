"""Load the catalogue: markets, categories, products, prices and stock."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from core.money import Money
from demo.loading.studio import DEMO_ACTOR, Step, Studio, read_content
from shop.catalogue import services as catalogue
from shop.catalogue.models import Category, Option, OptionValue, Product, ProductImage, Variant
from shop.pricing.models import Market, TaxRate
from shop.shipping.models import ShippingMethod
from shop.stock import services as stock
from shop.stock.models import Warehouse

# Days ago: the first and the last product, before the first order.
OPENED, NEWEST = 120, 92
FAR_ZONE = "Further away"


def steps(studio: Studio) -> Iterator[Step]:
    """Yield the shop settings, then each category, then each product with its variants."""
    site, goods = read_content("site.json"), read_content("catalogue.json")
    opened = studio.ago(OPENED)
    yield Step(opened, "market", partial(_open_shop, site, goods["glazes"]), done=Market.objects.exists())
    for position, category in enumerate(goods["categories"]):
        words = site["categories"][category["slug"]]
        yield Step(opened, f"category:{category['slug']}", partial(_add_category, studio, category, words, position))
    products = goods["products"]
    for position, product in enumerate(products):
        made = studio.ago(OPENED - (position + 1) / len(products) * (OPENED - NEWEST))
        yield Step(made, f"product:{product['slug']}", partial(_add_product, studio, product))


def get_method_code(method: str, zone: str) -> str:
    """Return the code of a delivery method. Pick-up has the same code in all zones."""
    return method if method == "pick-up" else f"{method}-{slugify(zone)}"


@transaction.atomic
def _open_shop(site: dict[str, Any], glazes: list[dict[str, Any]], now: datetime) -> None:
    zones = site["shipping"]["zones"]
    market = Market.objects.create(
        code="main",
        name=site["name"],
        currency=site["currency"],
        prices_include_tax=site["tax"]["prices_include_tax"],
        countries=[country for zone in zones for country in zone["countries"]],
        is_default=True,
    )
    Warehouse.objects.create(code="studio", name=site["contact"]["address"]["street"])
    option = Option.objects.create(slug="glaze", name="Glaze")
    for position, glaze in enumerate(glazes):
        OptionValue.objects.create(
            option=option,
            slug=glaze["slug"],
            name=glaze["name"],
            note=glaze["note"][:300],
            swatch=glaze["hex"],
            position=position,
        )
    positions = count()
    for zone in zones:
        _add_shipping_zone(zone, market, site["shipping"]["free_standard_from"], positions)
        _set_tax_rates(zone, Decimal(site["tax"]["rate_percent"]) / 100)


def _add_shipping_zone(zone: dict[str, Any], market: Market, free_from: str, positions: "count[int]") -> None:
    for method in zone["methods"]:
        is_free = method["code"] == "standard" and zone["name"] != FAR_ZONE
        is_pick_up = method["code"] == "pick-up"
        ShippingMethod.objects.create(
            market=market,
            code=get_method_code(method["code"], zone["name"]),
            name=method["name"],
            amount=Money.parse(method["price"], market.currency).minor,
            free_over=Money.parse(free_from, market.currency).minor if is_free else None,
            min_days=method["days"][0],
            max_days=method["days"][1],
            countries=[] if is_pick_up else zone["countries"],
            is_pick_up=is_pick_up,
            position=next(positions),
        )


def _set_tax_rates(zone: dict[str, Any], rate: Decimal) -> None:
    """Set the studio's domestic rate for the whole Union, and zero elsewhere."""
    charged = Decimal(0) if zone["name"] == FAR_ZONE else rate
    TaxRate.objects.bulk_create(
        TaxRate(tax_class="standard", country=country, rate=charged) for country in zone["countries"]
    )


@transaction.atomic
def _add_category(
    studio: Studio, category: dict[str, Any], words: dict[str, Any], position: int, now: datetime
) -> None:
    Category.objects.create(
        slug=category["slug"],
        name=category["name"],
        intro=words["intro"],
        picture=studio.picture(words["picture"]),
        position=position,
    )


@transaction.atomic
def _add_product(studio: Studio, data: dict[str, Any], now: datetime) -> None:
    product = Product(
        slug=data["slug"],
        title=data["name"],
        status=Product.Status.ACTIVE,
        summary=data["summary"],
        description=data["description"],
        category=Category.objects.get(slug=data["category"]),
        attributes={name: data[name] for name in ("materials", "dimensions_mm", "capacity_ml", "care") if data[name]},
        created_at=now,
    )
    catalogue.save_product(product=product, by=DEMO_ACTOR, now=now)
    places = count()
    for position, one in enumerate(data["variants"]):
        variant = _add_variant(studio, product, one, position, now)
        for file in one["images"]:
            ProductImage.objects.create(
                product=product, variant=variant, picture=studio.picture(file), position=next(places)
            )


def _add_variant(studio: Studio, product: Product, data: dict[str, Any], position: int, now: datetime) -> Variant:
    """Add a variant of a product with its price and stock."""
    market = Market.objects.default()
    glaze = OptionValue.objects.select_related("option").get(option__slug="glaze", slug=data["glaze"])
    variant = Variant.objects.create(
        product=product, sku=data["sku"], title=glaze.name, weight_g=data["weight_g"], position=position
    )
    catalogue.set_options(variant=variant, values=[glaze], by=DEMO_ACTOR, now=now)
    price = Money.parse(data["price"], market.currency)
    catalogue.set_price(variant=variant, market=market, amount=price, is_confirmed=True, by=DEMO_ACTOR, now=now)
    counted = data["stock"]
    stock.set_backorder_limit(sku=variant.sku, limit=counted["backorder_limit"], by=studio.owner, now=now)
    if counted["initial"]:
        stock.receive_stock(
            sku=variant.sku,
            quantity=counted["initial"],
            key=f"demo:{variant.sku}",
            note="First firing",
            by=studio.owner,
            now=now,
        )
    return variant
