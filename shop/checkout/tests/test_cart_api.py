"""Carts for programs, from empty to ordered and paid."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from core import testing
from core.composition import attribution
from core.testing import no_event
from shop.cart.models import Cart, CartLine
from shop.catalogue import services as catalogue
from shop.orders.models import Order
from shop.payments.models import Payment
from shop.tests.factories import BERLIN, SYSTEM, euros, shop_ready
from shop.tests.fakes import FlakySandbox
from shop.tests.pages import product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

MUG = "MUG-CELADON"


@pytest.fixture(autouse=True)
def market() -> Any:
    market = shop_ready()
    product_with("mug", celadon=5)
    return market


def new_cart(api: APIClient) -> str:
    token: str = api.post("/api/v1/carts/").json()["token"]
    return f"/api/v1/carts/{token}/"


def filled(api: APIClient, quantity: int = 1) -> tuple[str, str]:
    """A cart that is ready to be ordered: its address, and the hash of its quote."""
    url = new_cart(api)
    api.post(f"{url}lines/", {"sku": MUG, "quantity": quantity})
    details = {"email": "bea@example.com", "shipping_address": BERLIN, "shipping_method": "standard"}
    return url, api.patch(url, details).json()["quote_hash"]


def test_a_cart_is_opened_filled_and_priced(api: APIClient):
    url = new_cart(api)

    cart = api.post(f"{url}lines/", {"sku": MUG, "quantity": 2, "ref": attribution.sign(("post", "on-glazes"))})

    assert cart.status_code == 201
    assert cart.json()["lines"] == [
        {
            "sku": MUG,
            "title": "Mug",
            "variant_title": "Celadon",
            "quantity": 2,
            "unit": {"amount": "34.00", "currency": "EUR"},
            "total": {"amount": "68.00", "currency": "EUR"},
            "available": 5,
            "is_unavailable": False,
            "is_short": False,
            "changed_from": None,
        }
    ]
    assert cart.json()["total"] == {"amount": "68.00", "currency": "EUR"}
    assert CartLine.objects.values_list("source_kind", "source_id").get() == ("post", "on-glazes")
    assert api.get(url).json() == cart.json()


def test_lines_are_changed_and_taken_out(api: APIClient):
    url, _hash = filled(api)

    changed = api.put(f"{url}lines/{MUG}/", {"quantity": 3})
    emptied = api.delete(f"{url}lines/{MUG}/")

    assert [line["quantity"] for line in changed.json()["lines"]] == [3]
    assert emptied.json()["lines"] == []


@pytest.mark.parametrize(
    ("method", "path", "data", "refusal"),
    [
        ("post", "lines/", {"sku": "UNKNOWN"}, (404, "unknown_variant")),
        ("post", "lines/", {"sku": MUG, "quantity": 6}, (409, "not_enough_stock")),
        ("post", "lines/", {"sku": MUG, "quantity": 0}, (400, "invalid")),
        ("post", "lines/", {}, (400, "invalid")),
        ("put", "lines/UNKNOWN/", {"quantity": 1}, (404, "unknown_variant")),
        ("patch", "", {"email": "nobody"}, (400, "invalid")),
        ("patch", "", {"shipping_address": {**BERLIN, "postcode": "1"}}, (422, "invalid_address")),
        ("patch", "", {"shipping_method": "rocket"}, (422, "unknown_shipping_method")),
        ("post", "orders/", {"quote_hash": "x" * 64, "provider": "sandbox"}, (422, "invalid_email")),
    ],
)
def test_a_refusal_is_a_problem_with_a_code_and_changes_nothing(
    api: APIClient, method: str, path: str, data: Any, refusal: tuple[int, str]
):
    url = new_cart(api)
    before = testing.snapshot("shop.CartLine", "shop.Order", "core.Event")

    answer = getattr(api, method)(f"{url}{path}", data)

    assert (answer.status_code, answer.json()["code"]) == refusal
    assert testing.snapshot("shop.CartLine", "shop.Order", "core.Event") == before


def test_ways_of_delivery_come_with_price_and_days(api: APIClient):
    url, _hash = filled(api)

    (way,) = api.get(f"{url}shipping_methods/", {"country": "FR"}).json()["results"]

    assert (way["code"], way["price"]) == ("standard", {"amount": "4.90", "currency": "EUR"})
    assert way["earliest"] <= way["latest"]
    assert api.get(f"{url}shipping_methods/", {"country": "US"}).json()["results"] == []


def test_an_order_is_placed_and_says_where_it_is_paid(api: APIClient):
    url, quote_hash = filled(api, 2)

    placed = api.post(f"{url}orders/", {"quote_hash": quote_hash, "provider": "sandbox"})

    order = Order.objects.get()
    answer = placed.json()
    assert placed.status_code == 201
    assert (answer["order"]["number"], answer["order"]["status"]) == (order.number, "pending_payment")
    assert answer["order"]["total"] == {"amount": "72.90", "currency": "EUR"}
    assert answer["order"]["url"] == f"/shop/orders/{order.number}/{order.signature}/"
    assert answer["payment"]["action_url"].startswith("/shop/sandbox/")
    assert answer["payment"]["status"] == "pending"


def test_the_same_request_again_gives_the_same_order(api: APIClient):
    url, quote_hash = filled(api)
    wish = {"quote_hash": quote_hash, "provider": "sandbox"}

    first = api.post(f"{url}orders/", wish, headers={"idempotency-key": "one"})
    again = api.post(f"{url}orders/", wish, headers={"idempotency-key": "one"})
    without_key = api.post(f"{url}orders/", wish)

    assert first.json()["order"]["number"] == again.json()["order"]["number"] == without_key.json()["order"]["number"]
    assert again["Idempotent-Replayed"] == "true"
    assert first.json()["payment"] == again.json()["payment"]
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


def test_a_changed_price_is_refused_with_nothing_ordered(api: APIClient, market: Any):
    url, quote_hash = filled(api)
    variant = CartLine.objects.get().variant
    catalogue.set_price(variant=variant, market=market, amount=euros("36.00"), by=SYSTEM)

    answer = api.post(f"{url}orders/", {"quote_hash": quote_hash, "provider": "sandbox"})

    assert (answer.status_code, answer.json()["code"]) == (409, "quote_changed")
    assert no_event("order.placed")


def test_a_provider_that_is_silent_leaves_an_order_without_a_payment_address(api: APIClient, flaky: FlakySandbox):
    url, quote_hash = filled(api)
    flaky.silent = {"create"}

    answer = api.post(f"{url}orders/", {"quote_hash": quote_hash, "provider": "sandbox"})

    assert answer.status_code == 201
    assert answer.json()["payment"] is None
    assert Payment.objects.get().status == "created"


def test_an_ordered_cart_cannot_be_changed(api: APIClient):
    url, quote_hash = filled(api)
    api.post(f"{url}orders/", {"quote_hash": quote_hash, "provider": "sandbox"})

    assert api.get(url).status_code == 404
    assert api.post(f"{url}lines/", {"sku": MUG}).status_code == 404
    assert [line.quantity for line in CartLine.objects.all()] == [1]


def test_a_visitors_cart_becomes_the_persons_who_signs_in(api: APIClient, customer: Any):
    url, quote_hash = filled(api)
    api.force_login(customer)

    placed = api.post(f"{url}orders/", {"quote_hash": quote_hash, "provider": "sandbox"})

    assert placed.status_code == 201
    assert Order.objects.get().user == customer


@pytest.mark.parametrize("who", ["", "stranger"])
def test_a_persons_cart_is_not_opened_by_its_token_alone(api: APIClient, customer: Any, request: Any, who: str):
    api.force_login(customer)
    url, quote_hash = filled(api)
    api.logout()
    if who:
        api.force_login(request.getfixturevalue(who))

    answers = [
        api.get(url),
        api.patch(url, {"note": "mine now"}),
        api.post(f"{url}lines/", {"sku": MUG}),
        api.delete(f"{url}lines/{MUG}/"),
        api.post(f"{url}orders/", {"quote_hash": quote_hash, "provider": "sandbox"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert Cart.objects.get(user=customer).note == ""
    assert [line.quantity for line in CartLine.objects.all()] == [1]
    assert not Order.objects.exists()


def test_an_unknown_token_opens_nothing(api: APIClient):
    assert api.get("/api/v1/carts/unknown/").status_code == 404


@pytest.mark.parametrize("count", [1, 24, 100])
def test_a_cart_costs_the_same_whatever_is_in_it(api: APIClient, django_assert_max_num_queries: Any, count: int):
    url = new_cart(api)
    for index in range(count):
        product_with(f"cup-{index}", celadon=5)
        api.post(f"{url}lines/", {"sku": f"CUP-{index}-CELADON"})

    with django_assert_max_num_queries(5):
        cart = api.get(url)

    assert len(cart.json()["lines"]) == count


def test_a_new_order_shows_its_payment_as_it_is(api: APIClient):
    url, quote = filled(api)
    asked = {"quote_hash": quote, "provider": "sandbox"}

    first = api.post(f"{url}orders/", asked, headers={"Idempotency-Key": "one"}).json()
    again = api.post(f"{url}orders/", asked, headers={"Idempotency-Key": "one"}).json()

    assert first["order"]["payments"] == [first["payment"]]
    assert first["payment"]["status"] == "pending"
    assert again == first


@pytest.mark.parametrize(
    ("address", "pointer"),
    [
        (BERLIN | {"street": ""}, "/shipping_address/street"),
        (BERLIN | {"postcode": "1"}, "/shipping_address/postcode"),
        (BERLIN | {"colour": "grey"}, "/shipping_address/colour"),
        (BERLIN | {"a/b~c": "grey"}, "/shipping_address/a~1b~0c"),
    ],
)
def test_a_wrong_part_of_an_address_is_pointed_at(api: APIClient, address: Any, pointer: str):
    url = new_cart(api)

    answer = api.patch(url, {"shipping_address": address})

    assert answer.status_code in (400, 422)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert Cart.objects.get().shipping_address == {}
