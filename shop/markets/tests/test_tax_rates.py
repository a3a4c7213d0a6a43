"""Nothing is sold whose tax is not decided: a rate of 0 is said, never assumed."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.testing import events_named, no_event, snapshot
from shop.cart.queries import TaxRateMissing
from shop.catalogue.models import Variant
from shop.checkout import services as checkout
from shop.markets import queries as tax
from shop.markets.checks import tax_rates as check_tax_rates
from shop.markets.queries import MissingRate
from shop.pricing.models import TaxRate
from shop.tests.factories import (
    BERLIN,
    SYSTEM,
    ShippingMethodFactory,
    TaxRateFactory,
    VariantFactory,
    cart_with,
    get_quote_hash,
    place,
    shop_ready,
)
from shop.tests.pages import add_to_cart, product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]
PARIS = {**BERLIN, "country": "FR", "postcode": "75001", "city": "Paris"}


def test_a_class_without_a_rate_is_not_sold() -> None:
    mug = VariantFactory(tax_class="reduced", product__title="Handbook")
    before = snapshot("shop.Order", "shop.Payment")

    with pytest.raises(TaxRateMissing, match="These products cannot be delivered to Germany yet: Handbook"):
        place({mug: 1})

    assert snapshot("shop.Order", "shop.Payment") == before
    assert no_event("order.placed")


def test_a_country_without_a_rate_is_not_sold_to() -> None:
    opened = cart_with({VariantFactory(): 1}, address=PARIS)
    TaxRate.objects.filter(country="FR").delete()

    with pytest.raises(TaxRateMissing, match="France"):
        checkout.place_order(cart_id=opened.pk, quote_hash=get_quote_hash(opened), provider="sandbox", by=SYSTEM)

    assert no_event("order.placed")
    assert place({VariantFactory(): 1}).tax == 621


def test_a_rate_of_zero_that_was_said_is_sold_and_the_class_zero_says_it() -> None:
    TaxRateFactory(tax_class="reduced", rate=0)

    assert place({VariantFactory(tax_class="reduced"): 1}).tax == 0
    assert place({VariantFactory(tax_class="zero"): 1}).tax == 0


def test_what_is_picked_up_is_taxed_where_the_shop_is() -> None:
    market = shop_ready()
    ShippingMethodFactory(market=market, code="pick-up", countries=[], is_pick_up=True, amount=0)
    TaxRate.objects.filter(country="FR").delete()

    order = place({VariantFactory(price=3400): 1}, address=PARIS, shipping_method="pick-up")

    assert order.lines.get().tax_rate == Decimal("0.19")


def test_the_checkout_refuses_in_words(client: Client) -> None:
    shop_ready()
    product_with("straight-mug", celadon=3)
    TaxRate.objects.filter(country="FR").delete()
    add_to_cart(client, "STRAIGHT-MUG-CELADON")
    client.post("/shop/checkout/contact/", {"email": "bea@example.com"})

    answer = client.post("/shop/checkout/delivery/", {**PARIS, "shipping_method": "standard"})

    assert answer.status_code == 422
    assert (
        "These products cannot be delivered to France yet: Straight Mug." in answer.context["form"].errors["country"][0]
    )
    assert client.get("/shop/checkout/payment/")["Location"] == "/shop/checkout/delivery/"
    cart = client.get("/shop/cart/").content.decode()
    assert "These products cannot be delivered to France yet" in cart
    assert "VAT" not in cart


def test_programs_read_it_and_are_refused(api: Any) -> None:
    shop_ready()
    VariantFactory(sku="MUG", tax_class="reduced")
    made = api.post("/api/v1/carts/").json()
    url = f"/api/v1/carts/{made['token']}/"
    api.post(f"{url}lines/", {"sku": "MUG"}, format="json")
    details = {"email": "bea@example.com", "shipping_address": BERLIN, "shipping_method": "standard"}
    cart = api.patch(url, details, format="json").json()
    assert cart["is_taxed"] is False

    asked = {"quote_hash": cart["quote_hash"], "provider": "sandbox"}
    refused = api.post(f"{url}orders/", asked, format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "tax_not_decided")
    TaxRateFactory(tax_class="reduced", rate=0)
    assert api.get(url).json()["is_taxed"] is True


def test_what_is_missing_is_named_by_the_doctor_and_in_the_admin(desk: Client) -> None:
    TaxRateFactory()
    VariantFactory()
    VariantFactory(tax_class="reduced")
    VariantFactory(tax_class="zero")
    Variant.objects.filter(pk=VariantFactory(tax_class="reduced").pk).update(is_active=False)

    assert tax.get_missing_rates(timezone.now()) == [
        MissingRate("DE", "reduced", 1),
        MissingRate("FR", "reduced", 1),
        MissingRate("FR", "standard", 1),
    ]
    finding = check_tax_rates()
    assert (finding.state, finding.what) == ("warning", "Missing: DE reduced, FR reduced, FR standard.")
    for page in ("/admin/shop/taxrate/", "/admin/shop/market/", "/admin/"):
        assert "DE reduced, FR reduced, FR standard" in desk.get(page).content.decode(), page

    for country, tax_class in (("DE", "reduced"), ("FR", "reduced"), ("FR", "standard")):
        TaxRateFactory(country=country, tax_class=tax_class, rate=0)
    assert check_tax_rates().state == "ok"
    assert "missing" not in desk.get("/admin/shop/taxrate/").content.decode()


def test_a_rate_set_on_its_page_is_recorded(desk: Client) -> None:
    desk.post("/admin/shop/taxrate/add/", {"tax_class": "standard", "country": "DE", "rate": "0.19"})

    (event,) = events_named("tax_rate.changed")
    assert (event.subject_id, event.data["rate"]) == ("DE:standard", "0.19")
    TaxRate.objects.get().delete()
