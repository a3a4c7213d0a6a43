"""What is read by hand for speed says what Django's own way says."""

from itertools import product as every
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.serializers import Serializer

from core.content.models import Picture
from shop.catalogue.models import Product, ProductImage, Variant
from shop.listing import filters as narrowing
from shop.listing import queries as catalogue
from shop.listing.filters import Filters, get_conditions
from shop.listing.list_items import ListItem, get_list_items
from shop.listing.offers import get_variants_for_sale
from shop.pricing.models import Market
from shop.stock.models import StockLevel
from shop.storefront.viewsets import ProductSerializer
from shop.tests.factories import MarketFactory, WarehouseFactory
from shop.tests.pages import product_with, variant_of

pytestmark = pytest.mark.django_db


def picture(name: str) -> Picture:
    ready = [{"name": f"pictures/{name}-320.avif", "width": 320, "type": "avif"}]
    return Picture.objects.create(
        file=f"pictures/{name}.webp", width=8, height=6, color="#d9c9ac", digest=name, alt=name, renditions=ready
    )


@pytest.fixture
def products() -> list[Product]:
    """Variants with all there is to differ in: stock here and there, on backorder, digital, sold no more, pictures."""
    MarketFactory()
    mug = product_with("mug", celadon=5, moss=2, ochre=0)
    variant_of(mug, "slate", 0, price=12000, position=9)
    bowl = product_with("bowl", celadon=0)
    plate = product_with("plate", moss=1)
    Variant.objects.filter(sku="MUG-MOSS").update(is_active=False)
    Variant.objects.filter(sku="BOWL-CELADON").update(is_digital=True)
    StockLevel.objects.filter(variant__sku="PLATE-MOSS").update(reserved=4, backorder_limit=3)
    elsewhere = WarehouseFactory(code="barn")
    StockLevel.objects.create(warehouse=elsewhere, variant=plate.variants.get(), on_hand=2, low_at=9)
    Product.objects.filter(slug="mug").update(rating_count=3, rating_sum=13)
    ProductImage.objects.create(product=mug, picture=picture("all"), position=0)
    ProductImage.objects.create(
        product=mug, variant=mug.variants.get(sku="MUG-OCHRE"), picture=picture("ochre"), position=2
    )
    ProductImage.objects.create(
        product=mug, variant=mug.variants.get(sku="MUG-CELADON"), picture=picture("celadon"), position=1
    )
    return [mug, bowl, plate]


@pytest.mark.parametrize(
    ("options", "prices", "in_stock"),
    list(
        every(
            [{}, {"glaze": ("celadon",)}, {"glaze": ("moss", "slate")}, {"glaze": ("unknown",)}],
            [(), ((None, 3400),), ((3400, 5000),), ((10000, None), (None, 1))],
            [False, True],
        )
    ),
)
def test_offers_at_hand_are_narrowed_as_the_database_narrows_them(
    products: Any, options: Any, prices: Any, in_stock: bool
):
    market, now = Market.objects.default(), timezone.now()
    filters = Filters(options=options, prices=prices, in_stock=in_stock)

    items = catalogue.get_items(products, market, filters, now)

    asked = get_variants_for_sale(market.pk, now).filter(*get_conditions(filters).values()).order_by("position", "id")
    expected = {one.pk: [variant.sku for variant in asked if variant.product_id == one.pk] for one in products}
    assert {item.product.pk: [offer.sku for offer in item.offers] for item in items} == {
        pk: skus for pk, skus in expected.items() if skus
    }


def test_an_offer_says_its_price_its_stock_over_all_warehouses_and_its_choices(products: Any):
    market, now = Market.objects.default(), timezone.now()

    mug, bowl, plate = catalogue.get_items(products, market, Filters(), now)

    assert [
        (o.sku, o.price.minor, o.in_stock, o.left, str(o.stock)) for o in (*mug.offers, *bowl.offers, *plate.offers)
    ] == [
        ("MUG-CELADON", 3400, 5, 5, "in_stock"),
        ("MUG-OCHRE", 3400, 0, 0, "sold_out"),
        ("MUG-SLATE", 12000, 0, 0, "sold_out"),
        ("BOWL-CELADON", 3400, 9999, 9999, "in_stock"),
        ("PLATE-MOSS", 3400, 0, 2, "backorder"),
    ]
    assert [(c.option, c.option_name, c.value, c.name, c.swatch) for c in plate.shown.choices] == [
        ("glaze", "Glaze", "moss", "Moss", "#a5bba3")
    ]


def test_a_list_knows_the_first_picture_and_a_page_all_of_them(products: Any):
    from shop.listing.offers import get_offers

    market, now = Market.objects.default(), timezone.now()
    listed = catalogue.get_items(products, market, Filters(), now)[0].offers
    shown = get_offers(products[:1], market, now)

    assert [[image.alt for image in offer.images] for offer in listed] == [["celadon"], ["ochre"], ["all"]]
    assert [[image.alt for image in offer.images] for offer in shown] == [["celadon", "all"], ["ochre", "all"], ["all"]]
    assert shown[2].images[0] == Picture.objects.get(alt="all").image


@pytest.fixture
def listed(products: Any):
    market, now = Market.objects.default(), timezone.now()
    return list(narrowing.filter_products(market.pk, Filters(), now)), market, now


def test_a_row_says_what_the_offers_of_a_product_say(listed: Any):
    products, market, now = listed
    made = [ListItem.of(item) for item in catalogue.get_items(products, market, Filters(), now)]

    read = get_list_items(products, market, Filters(), now)

    assert len(read) == 3
    assert [(r.product, r.price, r.price_varies, r.stock) for r in read] == [
        (r.product, r.price, r.price_varies, r.stock) for r in made
    ]
    assert [r.image and (r.image.url, r.image.alt) for r in read] == [
        r.image and (r.image.url, r.image.alt) for r in made
    ]


def test_a_row_of_a_narrowed_list_speaks_of_the_variants_that_match(listed: Any):
    products, market, now = listed

    [mug] = get_list_items(products, market, Filters(options={"glaze": ("slate",)}), now)

    assert (mug.product.slug, mug.price.minor, mug.price_varies, str(mug.stock)) == ("mug", 12000, False, "sold_out")


def test_a_row_put_down_by_hand_is_what_the_fields_say(listed: Any):
    found = get_list_items(*listed[:2], Filters(), listed[2])

    by_hand = ProductSerializer(found, many=True).data

    assert by_hand == [Serializer.to_representation(ProductSerializer(), row) for row in found]
    mug = next(row for row in by_hand if row["slug"] == "mug")
    assert (mug["image"]["alt"], mug["rating"]) == ("celadon", pytest.approx(13 / 3))
