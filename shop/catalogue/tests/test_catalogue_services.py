"""The catalogue: slugs lead on, options stay apart, prices have a history."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.utils import timezone

from core.context import Actor
from core.errors import Denied
from core.testing import events_named, snapshot
from shop.catalogue import services as catalogue
from shop.catalogue.models import Category, Product, ProductSlug, Variant, VariantOptionValue
from shop.catalogue.services import CombinationTaken, DuplicateOption, InvalidPrice, SlugTaken, UnusualPrice
from shop.pricing.models import Price
from shop.tests.factories import (
    SYSTEM,
    CategoryFactory,
    MarketFactory,
    OptionFactory,
    OptionValueFactory,
    PriceFactory,
    ProductFactory,
    VariantFactory,
    euros,
)

pytestmark = pytest.mark.usefixtures("sums_hold")


def test_a_product_is_saved_with_its_description_as_safe_html() -> None:
    made = catalogue.save_product(
        product=Product(slug="mug", title="Mug", category=CategoryFactory(), description="**Ours**<script>x</script>"),
        by=SYSTEM,
    )

    assert "<strong>Ours</strong>" in made.description_html
    assert "<script" not in made.description_html
    assert events_named("product.added")[0].data == {"status": "draft", "former_slug": ""}


def test_a_former_slug_leads_on_and_belongs_to_its_product_for_ever() -> None:
    mug, bowl = ProductFactory(slug="mug"), ProductFactory(slug="bowl")
    mug.slug = "straight-mug"
    catalogue.save_product(product=mug, by=SYSTEM)
    assert ProductSlug.objects.get(slug="mug").product == mug

    bowl.slug = "mug"
    with pytest.raises(SlugTaken):
        catalogue.save_product(product=bowl, by=SYSTEM)

    mug.slug = "mug"
    catalogue.save_product(product=mug, by=SYSTEM)
    assert list(ProductSlug.objects.values_list("slug", flat=True)) == ["straight-mug"]


def test_only_those_who_may_change_products_do(customer: Any, author: Any) -> None:
    variant = VariantFactory()
    before = snapshot("shop.Product", "shop.Variant", "shop.Price", "core.Event")

    for by in (Actor.guest(), Actor.person(customer), Actor.person(author)):
        with pytest.raises(Denied):
            catalogue.save_product(product=variant.product, by=by)
        with pytest.raises(Denied):
            catalogue.set_options(variant=variant, values=[], by=by)
        with pytest.raises(Denied):
            catalogue.set_price(variant=variant, market=MarketFactory(), amount=euros("1"), by=by)

    assert snapshot("shop.Product", "shop.Variant", "shop.Price", "core.Event") == before


def test_options_spell_the_combination_in_their_order() -> None:
    size = OptionValueFactory(option=OptionFactory(slug="size", position=2), slug="large")
    glaze = OptionValueFactory(option=OptionFactory(slug="glaze", position=1), slug="celadon")
    variant = VariantFactory()

    catalogue.set_options(variant=variant, values=[size, glaze], by=SYSTEM)

    assert variant.combination == "glaze=celadon size=large"
    assert set(variant.values.all()) == {size, glaze}


def test_a_product_has_each_combination_once() -> None:
    glaze, other = OptionValueFactory(), OptionValueFactory()
    first = VariantFactory()
    second = VariantFactory(product=first.product)
    catalogue.set_options(variant=first, values=[glaze], by=SYSTEM)

    with pytest.raises(CombinationTaken):
        catalogue.set_options(variant=second, values=[glaze], by=SYSTEM)
    with pytest.raises(DuplicateOption):
        catalogue.set_options(variant=second, values=[glaze, other], by=SYSTEM)

    catalogue.set_options(variant=VariantFactory(), values=[glaze], by=SYSTEM)


def test_the_database_refuses_a_value_of_another_option() -> None:
    glaze = OptionValueFactory(option=OptionFactory(slug="glaze"))
    size = OptionFactory(slug="size")

    with pytest.raises(IntegrityError, match="variant_value_of_option"), transaction.atomic():
        VariantOptionValue.objects.create(variant=VariantFactory(), option=size, value=glaze)


def test_a_new_price_ends_the_one_before_and_keeps_it() -> None:
    variant = VariantFactory(price=3400)
    market = variant.prices.get().market
    now = timezone.now()

    catalogue.set_price(variant=variant, market=market, amount=euros("36.00"), by=SYSTEM, now=now)
    again = catalogue.set_price(variant=variant, market=market, amount=euros("36.00"), by=SYSTEM)

    former, running = variant.prices.order_by("valid")
    assert (former.amount, former.valid.upper) == (3400, now)
    assert (running, running.amount, running.valid.lower, running.valid.upper) == (again, 3600, now, None)
    assert events_named("price.changed")[0].data["former"] == 3400


def test_a_price_that_makes_no_sense_is_refused() -> None:
    variant = VariantFactory()
    market = variant.prices.get().market

    for amount in (euros("-0.01"), euros("1").__class__(100, "USD")):
        with pytest.raises(InvalidPrice):
            catalogue.set_price(variant=variant, market=market, amount=amount, by=SYSTEM)
    with pytest.raises(InvalidPrice):
        catalogue.set_price(
            variant=variant, market=market, amount=euros("1"), by=SYSTEM, now=timezone.now() - timedelta(days=900)
        )


def test_the_database_refuses_two_prices_at_once() -> None:
    variant = VariantFactory()
    running = variant.prices.get()

    with pytest.raises(IntegrityError, match="price_never_two_at_once"), transaction.atomic():
        PriceFactory(variant=variant)

    now = timezone.now()
    running.valid = DateTimeTZRange(running.valid.lower, now)
    running.save()
    PriceFactory(variant=variant, valid=DateTimeTZRange(now, None))
    assert Price.objects.valid(running.market, now).get().pk != running.pk


def test_the_database_refuses_a_category_under_itself() -> None:
    shelf = CategoryFactory()

    with pytest.raises(IntegrityError, match="category_not_its_own_parent"), transaction.atomic():
        Category.objects.filter(pk=shelf.pk).update(parent=shelf)


class TestUnusualPrices:
    """A price of nothing, or of many times what is usual, is asked about before it is saved."""

    @pytest.mark.parametrize(
        ("amount", "is_asked"), [("0", True), ("340.00", True), ("339.99", False), ("0.01", False)]
    )
    def test_the_service_wants_it_confirmed(self, amount: str, is_asked: bool) -> None:
        variant, market = VariantFactory(price=3400), MarketFactory()
        before = snapshot("shop.Price", "core.Event")
        set_it = partial(catalogue.set_price, variant=variant, market=market, amount=euros(amount), by=SYSTEM)

        if is_asked:
            with pytest.raises(UnusualPrice) as refused:
                set_it()
            assert refused.value.field == "amount"
            assert snapshot("shop.Price", "core.Event") == before

        assert set_it(is_confirmed=True).amount == euros(amount).minor

    def test_the_first_price_of_a_variant_is_compared_with_the_others(self) -> None:
        VariantFactory(price=3400)
        new = Variant.objects.create(product=ProductFactory(), sku="NEW", combination="x")

        with pytest.raises(UnusualPrice):
            catalogue.set_price(variant=new, market=MarketFactory(), amount=euros("400"), by=SYSTEM)

    def test_a_price_beyond_all_measure_is_refused_even_when_confirmed(self) -> None:
        with pytest.raises(InvalidPrice):
            catalogue.set_price(
                variant=VariantFactory(),
                market=MarketFactory(),
                amount=euros("10000000000.01"),
                is_confirmed=True,
                by=SYSTEM,
            )

    @pytest.mark.parametrize("amount", ["0.00", "9999999999.99"])
    def test_the_page_asks_again_and_then_saves(self, desk: Client, amount: str) -> None:
        variant = VariantFactory(sku="MUG", price=3400)
        address = f"/admin/shop/variant/{variant.pk}/change/"
        typed = {"sku": "MUG", "price": amount, "weight_g": 300, "tax_class": "standard", "position": 0}
        before = snapshot("shop.Price", "shop.Variant", "core.Event")

        asked = desk.post(address, typed | {"title": "Renamed"})

        text = asked.content.decode()
        assert "is an unusual price" in text
        assert '<input type="checkbox" name="confirm_price"' in text
        assert snapshot("shop.Price", "shop.Variant", "core.Event") == before
        assert 'type="checkbox" name="confirm_price"' not in desk.get(address).content.decode()

        assert desk.post(address, typed | {"confirm_price": "on"}).status_code == 302
        assert variant.prices.get(valid__endswith=None).amount == euros(amount).minor
