"""Old tabs of the catalogue revert no price; saves do what they say; what staff set up is recorded."""

from typing import Any

import pytest
from django.test import Client

from core.content.services.pictures import add_picture
from core.testing import events_named, no_event, open_tab
from shop.catalogue.models import Category, Option, Product, ProductImage
from shop.catalogue.tests.test_catalogue_admin import png
from shop.pricing.models import Price
from shop.tests.factories import SYSTEM, CategoryFactory, ShippingMethodFactory, shop_ready
from shop.tests.pages import product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]


@pytest.fixture
def mug() -> Product:
    shop_ready()
    return product_with("mug", celadon=1)


def product_url(product: Product) -> str:
    return f"/admin/shop/product/{product.pk}/change/"


def test_an_old_tab_that_changes_a_summary_keeps_the_price_saved_meanwhile(desk: Client, mug: Product):
    old_tab, other_tab = open_tab(desk, product_url(mug)), open_tab(desk, product_url(mug))
    desk.post(product_url(mug), other_tab | {"variants-0-price": "39.00"})

    answer = desk.post(product_url(mug), old_tab | {"summary": "A new summary."})

    mug.refresh_from_db()
    row = answer.context["inline_admin_formsets"][0].formset.forms[0]
    assert mug.summary == "A mug."
    assert sorted(Price.objects.values_list("amount", flat=True)) == [3400, 3900]
    assert row.errors == {"price": ["Changed meanwhile by somebody else. The field now shows the saved value: 39.00"]}
    assert row["price"].value() == "39.00"
    assert "A new summary." in answer.content.decode()


def test_an_emptied_price_is_refused(desk: Client, mug: Product):
    answer = desk.post(product_url(mug), open_tab(desk, product_url(mug)) | {"variants-0-price": ""})

    row = answer.context["inline_admin_formsets"][0].formset.forms[0]
    assert row.errors == {"price": ["Enter a price. To stop selling this variant, clear “Active”."]}
    assert Price.objects.get().valid.upper is None


def test_a_corrected_description_of_a_picture_is_saved(desk: Client, mug: Product):
    picture = add_picture(upload=png(), alt="A cup", by=SYSTEM)
    ProductImage.objects.create(product=mug, picture=picture)

    desk.post(product_url(mug), open_tab(desk, product_url(mug)) | {"images-0-alt": "A celadon mug"})

    picture.refresh_from_db()
    assert picture.alt == "A celadon mug"
    assert len(events_named("picture.changed")) == 1


def test_an_emptied_description_of_a_picture_is_refused(desk: Client, mug: Product):
    picture = add_picture(upload=png(), alt="A cup", by=SYSTEM)
    ProductImage.objects.create(product=mug, picture=picture)

    desk.post(product_url(mug), open_tab(desk, product_url(mug)) | {"images-0-alt": ""})

    picture.refresh_from_db()
    assert picture.alt == "A cup"


def test_a_product_saved_untouched_says_that_nothing_changed(desk: Client, mug: Product):
    answer = desk.post(product_url(mug), open_tab(desk, product_url(mug)), follow=True)

    assert [str(message) for message in answer.context["messages"]] == ["Nothing was changed."]


@pytest.mark.parametrize(
    ("name", "make", "change", "event"),
    [
        ("category", CategoryFactory, {"name": "Bowls"}, "category.saved"),
        ("shippingmethod", ShippingMethodFactory, {"name": "Courier"}, "shipping_method.saved"),
    ],
)
def test_what_the_shop_is_set_up_with_is_saved_through_services(
    desk: Client, manager: Any, name: str, make: Any, change: dict[str, str], event: str
):
    row = make()
    url = f"/admin/shop/{name}/{row.pk}/change/"

    answer = desk.post(url, open_tab(desk, url) | change)

    row.refresh_from_db()
    (field, value) = next(iter(change.items()))
    assert (answer.status_code, str(getattr(row, field))) == (302, value)
    assert [(found.actor_id, found.data) for found in events_named(event)] == [(str(manager.uid), {"is_new": False})]


def test_an_old_tab_of_a_market_overwrites_nothing(desk: Client):
    market = shop_ready()
    url = f"/admin/shop/market/{market.pk}/change/"
    old_tab, other_tab = open_tab(desk, url), open_tab(desk, url)
    desk.post(url, other_tab | {"name": "The Union"})

    answer = desk.post(url, old_tab | {"countries": "DE,FR,AT"})

    market.refresh_from_db()
    assert (market.name, list(market.countries)) == ("The Union", ["DE", "FR"])
    assert list(answer.context["adminform"].form.errors) == ["name"]


def test_an_option_and_its_values_are_saved_in_one_recorded_step(desk: Client):
    sent = {
        "name": "Size",
        "slug": "size",
        "position": "0",
        "values-TOTAL_FORMS": "1",
        "values-INITIAL_FORMS": "0",
        "values-0-name": "Large",
        "values-0-slug": "large",
        "values-0-position": "0",
    }

    desk.post("/admin/shop/option/add/", sent)

    assert Option.objects.get().values.get().name == "Large"
    assert {event.subject_id for event in events_named("option.saved")} == {"size"}


def test_a_constraint_is_said_in_words_at_its_field(desk: Client):
    method = ShippingMethodFactory()
    url = f"/admin/shop/shippingmethod/{method.pk}/change/"

    answer = desk.post(url, open_tab(desk, url) | {"min_days": "5", "max_days": "2"})

    assert answer.context["adminform"].form.errors == {
        "max_days": ["The maximum delivery time cannot be shorter than the minimum."]
    }
    assert "shipping_days" not in answer.content.decode()
    assert no_event("shipping_method.saved")


def test_a_blank_slug_is_asked_for_and_never_falls_back(desk: Client, mug: Product):
    answer = desk.post(product_url(mug), open_tab(desk, product_url(mug)) | {"slug": ""})

    assert list(answer.context["adminform"].form.errors) == ["slug"]


def test_a_category_takes_an_uploaded_picture(desk: Client):
    sent = {"name": "Bowls", "slug": "bowls", "position": "0", "picture_file": png(), "picture_alt": "Three bowls"}

    answer = desk.post("/admin/shop/category/add/", sent)

    assert answer.status_code == 302
    assert Category.objects.get().picture.alt == "Three bowls"


def test_a_category_of_a_reserved_name_is_refused_at_its_field(desk: Client):
    answer = desk.post("/admin/shop/category/add/", {"name": "Cart", "slug": "cart", "position": "0"})

    assert answer.context["adminform"].form.errors == {"slug": ["A page of the shop already uses this slug."]}
    assert not Category.objects.exists()
