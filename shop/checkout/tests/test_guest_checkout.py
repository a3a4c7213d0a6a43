"""A stranger buys, with nothing but HTML: no account, no script. And what may go wrong on the way."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from core.testing import events_named, no_event
from shop.cart.models import Cart
from shop.catalogue import services as catalogue
from shop.catalogue.models import Variant
from shop.orders.models import Order
from shop.payments.models import Payment
from shop.pricing.models import TaxRate
from shop.shipping.models import ShippingMethod
from shop.stock import services as stock
from shop.stock.models import StockLevel
from shop.tests.factories import BERLIN, SYSTEM, ShippingMethodFactory, euros, shop_ready
from shop.tests.fakes import FlakySandbox
from shop.tests.pages import add_to_cart, check_out, decide, product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

MUG = "STRAIGHT-MUG-CELADON"


@pytest.fixture(autouse=True)
def market() -> Any:
    market = shop_ready()
    product_with("straight-mug", celadon=3)
    return market


def to_review(client: Client) -> dict[str, str]:
    """Fill the checkout up to the last press; returns what the press sends."""
    client.post("/shop/checkout/contact/", {"email": "bea@example.com"})
    client.post("/shop/checkout/delivery/", {**BERLIN, "shipping_method": "standard"})
    review = client.get("/shop/checkout/review/?with=sandbox")
    return {"quote_hash": review.context["view"].quote.hash, "provider": "sandbox"}


def test_a_guest_walks_from_the_shelf_to_a_paid_order(client: Client):
    assert add_to_cart(client, MUG, 2)["Location"] == "/shop/cart/"

    placed = check_out(client, email="Bea@Example.com")
    page = decide(client, placed, "pay")

    order = Order.objects.get()
    assert (order.status, order.email, order.total, order.user) == ("paid", "bea@example.com", 7290, None)
    assert order.shipping_address["city"] == "Berlin"
    assert page.redirect_chain[-1][0] == f"/shop/orders/{order.number}/{order.signature}/"
    assert "Thank you. We are preparing your order" in page.content.decode()
    assert [event.data["amount"] for event in events_named("order.paid")] == [7290]


def test_the_price_with_delivery_is_on_the_last_button(client: Client):
    add_to_cart(client, MUG, 2)
    to_review(client)

    page = client.get("/shop/checkout/review/?with=sandbox").content.decode()

    assert "Pay €72.90" in page
    assert "Torstraße 1" in page
    assert "Germany" in page


def test_a_declined_payment_can_be_tried_again(client: Client):
    add_to_cart(client, MUG)

    declined = decide(client, check_out(client), "decline")
    order = Order.objects.get()
    assert "Payment failed" in declined.content.decode()
    assert order.status == "pending_payment"

    again = client.post(f"/shop/orders/{order.number}/payments/", {"provider": "sandbox", "signature": order.signature})
    page = decide(client, again, "pay")

    assert "Thank you. We are preparing your order" in page.content.decode()
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["captured", "declined"]
    assert len(events_named("order.paid")) == 1


def test_a_second_step_comes_between_when_the_bank_wants_one(client: Client):
    add_to_cart(client, MUG)
    placed = check_out(client)

    asked = client.post(placed["Location"], {"outcome": "second_step"})
    assert "Confirm this payment" in asked.content.decode()
    assert Order.objects.get().status == "pending_payment"

    decide(client, placed, "pay")
    assert Order.objects.get().status == "paid"


def test_whoever_leaves_the_providers_page_finds_the_order_waiting(client: Client):
    add_to_cart(client, MUG)
    placed = check_out(client)

    page = client.get(urlsplit(client.get(placed["Location"]).context["charge"].return_url).path, follow=True)

    assert "Awaiting payment" in page.content.decode()
    assert client.get(placed["Location"]).status_code == 200


def test_a_payment_that_is_over_stays_over(client: Client):
    add_to_cart(client, MUG)
    placed = check_out(client)
    decide(client, placed, "decline")

    again = client.post(placed["Location"], {"outcome": "pay"})

    assert again.status_code == 303
    assert Order.objects.get().status == "pending_payment"


def test_an_export_at_no_tax_says_nothing_of_tax(client: Client):
    TaxRate.objects.update(rate=0)
    add_to_cart(client, MUG)

    cart = client.get("/shop/cart/").content.decode()
    review = client.get(f"/shop/checkout/review/?with={to_review(client)['provider']}").content.decode()
    order = decide(client, check_out(client), "pay").content.decode()

    for page in (cart, review, order):
        assert "€34.00" in page
        assert "VAT" not in page
        assert "€0.00" not in page


def test_a_total_that_contains_tax_says_how_much(client: Client):
    add_to_cart(client, MUG)

    assert "includes €5.43 VAT" in client.get("/shop/cart/").content.decode()
    assert "includes €6.21 VAT" in decide(client, check_out(client), "pay").content.decode()


def test_a_double_press_makes_one_order(client: Client):
    add_to_cart(client, MUG)
    press = to_review(client)

    first = client.post("/shop/checkout/review/", press)
    second = client.post("/shop/checkout/review/", press)

    assert first["Location"] == second["Location"]
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


def test_a_price_that_changed_meanwhile_is_shown_before_anything_is_ordered(client: Client, market: Any):
    add_to_cart(client, MUG)
    press = to_review(client)
    variant = Variant.objects.get(sku=MUG)
    catalogue.set_price(variant=variant, market=market, amount=euros("36.00"), by=SYSTEM)

    answer = client.post("/shop/checkout/review/", press)

    assert answer.status_code == 409
    assert "Pay €40.90" in answer.content.decode()
    assert "Review it before you place the order." in answer.content.decode()
    assert not Order.objects.exists()
    again = client.post("/shop/checkout/review/", {**press, "quote_hash": answer.context["view"].quote.hash})
    assert again.status_code == 303
    assert Order.objects.get().total == 4090


def test_stock_that_went_meanwhile_leads_back_to_the_cart(client: Client):
    add_to_cart(client, MUG, 3)
    press = to_review(client)
    stock.adjust_stock(sku=MUG, change=-2, key="broken", note="broken", by=SYSTEM)

    answer = client.post("/shop/checkout/review/", press)

    assert answer["Location"] == "/shop/cart/"
    assert not Order.objects.exists()
    page = client.get("/shop/cart/").content.decode()
    assert "Not enough in stock: Straight Mug." in page
    assert "Only 1 left" in page


def test_a_way_of_delivery_that_went_meanwhile_is_asked_for_again(client: Client):
    add_to_cart(client, MUG)
    press = to_review(client)
    Cart.objects.get().shipping_method.delete()

    answer = client.post("/shop/checkout/review/", press)

    assert answer["Location"] == "/shop/checkout/"
    assert client.get("/shop/checkout/")["Location"] == "/shop/checkout/delivery/"
    assert not Order.objects.exists()


def test_a_provider_that_does_not_answer_leaves_an_order_to_be_paid(client: Client, flaky: FlakySandbox):
    add_to_cart(client, MUG)
    press = to_review(client)
    flaky.silent = {"create"}

    answer = client.post("/shop/checkout/review/", press)

    order = Order.objects.get()
    assert answer["Location"] == f"/shop/orders/{order.number}/{order.signature}/"
    assert "is not responding" in client.get(answer["Location"]).content.decode()
    assert order.status == "pending_payment"


def test_what_was_typed_is_kept_when_something_is_wrong(client: Client):
    add_to_cart(client, MUG)
    client.post("/shop/checkout/contact/", {"email": "bea@example.com"})

    answer = client.post("/shop/checkout/delivery/", {**BERLIN, "postcode": "1011", "shipping_method": "standard"})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter a valid postcode for " in text
    assert 'value="Torstraße 1"' in text
    assert not Cart.objects.get().shipping_address


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/shop/checkout/contact/", {"email": "nobody"}),
        ("/shop/checkout/contact/", {}),
        ("/shop/checkout/delivery/", {**BERLIN, "country": "US", "shipping_method": "standard"}),
        ("/shop/checkout/delivery/", {**BERLIN, "shipping_method": "rocket"}),
        ("/shop/checkout/delivery/", BERLIN),
        ("/shop/checkout/delivery/", {}),
    ],
)
def test_an_incomplete_step_is_not_left(client: Client, path: str, data: Any):
    add_to_cart(client, MUG)
    client.post("/shop/checkout/contact/", {"email": "bea@example.com"})

    answer = client.post(path, data)

    assert answer.status_code == 422
    assert Cart.objects.get().shipping_method is None


def test_another_country_brings_its_own_ways_of_delivery(client: Client):
    ShippingMethodFactory(code="france", name="To France", amount=900, free_over=None, countries=["FR"])
    add_to_cart(client, MUG)
    client.post("/shop/checkout/contact/", {"email": "bea@example.com"})

    fragment = client.get("/shop/checkout/delivery/?country=FR", headers={"hx-request": "true"}).content.decode()

    assert "To France" in fragment
    assert "€9.00" in fragment
    assert "<html" not in fragment
    assert "To France" not in client.get("/shop/checkout/delivery/").content.decode()


def test_without_scripts_another_country_asks_for_one_of_its_delivery_methods(client: Client):
    ShippingMethodFactory(code="france", name="To France", amount=900, free_over=None, countries=["FR"])
    add_to_cart(client, MUG)
    client.post("/shop/checkout/contact/", {"email": "bea@example.com"})
    ShippingMethod.objects.filter(code="standard").update(countries=["DE"])
    paris = {**BERLIN, "country": "FR", "postcode": "75001", "city": "Paris", "shipping_method": "standard"}

    page = client.post("/shop/checkout/delivery/", paris)

    text = page.content.decode()
    assert page.status_code == 422
    assert "Choose one of the delivery methods for this country." in text
    assert 'value="france" checked' in text
    assert "does not reach" not in text


@pytest.mark.parametrize("name", ["contact", "delivery", "payment", "review"])
def test_without_a_cart_every_step_leads_to_the_cart(client: Client, name: str):
    assert client.get(f"/shop/checkout/{name}/")["Location"] == "/shop/cart/"


@pytest.mark.parametrize(
    ("path", "lands"),
    [
        ("/shop/checkout/", "/shop/checkout/contact/"),
        ("/shop/checkout/payment/", "/shop/checkout/contact/"),
        ("/shop/checkout/review/?with=sandbox", "/shop/checkout/contact/"),
    ],
)
def test_a_step_cannot_be_skipped(client: Client, path: str, lands: str):
    add_to_cart(client, MUG)

    assert client.get(path)["Location"] == lands


def test_the_review_wants_a_way_to_pay_that_is_offered(client: Client):
    add_to_cart(client, MUG)
    to_review(client)

    assert client.get("/shop/checkout/review/")["Location"] == "/shop/checkout/payment/"
    assert client.get("/shop/checkout/review/?with=gold")["Location"] == "/shop/checkout/payment/"
    refused = client.post("/shop/checkout/review/", {"quote_hash": "x" * 64, "provider": "gold"})
    assert refused["Location"] == "/shop/checkout/payment/"
    assert not Order.objects.exists()


def test_the_invoice_may_go_elsewhere(client: Client):
    add_to_cart(client, MUG)
    to_review(client)
    office = {f"billing-{key}": value for key, value in {**BERLIN, "name": "Office", "city": "Potsdam"}.items()}

    incomplete = client.post("/shop/checkout/payment/", {"provider": "sandbox", "other_billing": "on"})
    client.post("/shop/checkout/payment/", {"provider": "sandbox", "other_billing": "on", **office})

    assert incomplete.status_code == 422
    assert Cart.objects.get().billing_address["city"] == "Potsdam"
    client.post("/shop/checkout/payment/", {"provider": "sandbox"})
    assert Cart.objects.get().billing_address == {}


def test_what_is_not_sent_needs_no_delivery(client: Client):
    Variant.objects.filter(sku=MUG).update(is_digital=True)
    add_to_cart(client, MUG)

    answer = client.post("/shop/checkout/contact/", {"email": "bea@example.com"})

    assert answer["Location"] == "/shop/checkout/payment/"
    assert client.get("/shop/checkout/delivery/")["Location"] == "/shop/checkout/payment/"
    billing = {f"billing-{key}": value for key, value in BERLIN.items()}
    review = client.post("/shop/checkout/payment/", {"provider": "sandbox", **billing})
    quote = client.get(review["Location"]).context["view"].quote
    placed = client.post("/shop/checkout/review/", {"quote_hash": quote.hash, "provider": "sandbox"})
    decide(client, placed, "pay")
    assert (Order.objects.get().status, Order.objects.get().shipping) == ("fulfilled", 0)


def test_an_order_by_transfer_is_placed_and_has_one_state_afterwards(client: Client, settings: Any):
    settings.BANK_ACCOUNT = "Ninth Tile Pottery\nIBAN DE02"
    add_to_cart(client, MUG)
    to_review(client)

    review = client.get("/shop/checkout/review/?with=bank_transfer").content.decode()
    placed = check_out(client, provider="bank_transfer")

    form = review[review.index("data-once") : review.index("</form>", review.index("data-once"))]
    assert "Place order" in form
    assert "Pay €" not in form
    assert "lock" not in form
    order = Order.objects.get()
    page = client.get(placed["Location"]).content.decode()
    assert "Thank you. We are waiting for your transfer" in page
    assert "Transfer €38.90 to" in page
    assert "Ninth Tile Pottery<br>IBAN DE02" in page
    assert f"<bdi>{order.number}</bdi>" in page
    assert "Pay €38.90" not in page
    assert "Pay by another method: Card (sandbox)" in page


def test_after_a_person_signs_in_the_order_is_theirs(client: Client, customer: Any):
    add_to_cart(client, MUG)
    client.force_login(customer)

    assert client.get("/shop/checkout/contact/").context["form"].initial["email"] == customer.email
    check_out(client, email=customer.email)

    assert Order.objects.get().user == customer


def test_ordering_needs_a_token_of_ours():
    client = Client(enforce_csrf_checks=True)
    add_to_cart(client, MUG)

    assert client.post("/shop/checkout/contact/", {"email": "bea@example.com"}).status_code == 403
    assert client.post("/shop/checkout/review/", {"quote_hash": "x", "provider": "sandbox"}).status_code == 403
    assert Cart.objects.get().email == ""
    assert no_event("order.placed")


def test_the_pieces_are_held_from_the_press_on(client: Client):
    add_to_cart(client, MUG, 2)

    check_out(client)

    assert StockLevel.objects.values_list("on_hand", "reserved").get() == (3, 2)


@pytest.mark.parametrize("count", [1, 24])
@pytest.mark.parametrize(("name", "most"), [("contact", 9), ("delivery", 9), ("payment", 9), ("review", 9)])
def test_a_step_costs_the_same_whatever_is_in_the_cart(
    client: Client, django_assert_max_num_queries: Any, name: str, most: int, count: int
):
    for index in range(count):
        product_with(f"cup-{index}", celadon=5)
        add_to_cart(client, f"CUP-{index}-CELADON")
    to_review(client)

    with django_assert_max_num_queries(most):
        page = client.get(f"/shop/checkout/{name}/?with=sandbox")

    assert page.status_code == 200
