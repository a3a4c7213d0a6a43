"""The cart's pages: forms without a token, a drawer for scripts, a page for browsers."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from core.composition import attribution
from shop.cart.models import Cart, CartLine
from shop.catalogue import services as catalogue
from shop.stock import services as stock
from shop.tests.factories import SYSTEM, euros, shop_ready
from shop.tests.pages import SAME_ORIGIN, add_to_cart, product_with

pytestmark = pytest.mark.django_db

MUG = "MUG-CELADON"
SCRIPT = {"headers": {"sec-fetch-site": "same-origin", "hx-request": "true"}}


@pytest.fixture(autouse=True)
def mug() -> Any:
    market = shop_ready()
    product_with("mug", celadon=5, moss=0)
    return market


def lines() -> list[tuple[str, int]]:
    return list(CartLine.objects.order_by("id").values_list("variant__sku", "quantity"))


def test_putting_something_in_makes_a_cart_and_gives_its_key(client: Client):
    response = add_to_cart(client, MUG, 2)

    assert (response.status_code, response["Location"]) == (303, "/shop/cart/")
    assert lines() == [(MUG, 2)]
    cookie = response.cookies["cart"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert Cart.objects.get().token_digest not in cookie.value
    page = client.get("/shop/cart/").content.decode()
    assert "Mug" in page
    assert "€68.00" in page


def test_a_second_press_adds_to_the_same_line(client: Client):
    add_to_cart(client, MUG, 2)
    add_to_cart(client, MUG, 1)

    assert lines() == [(MUG, 3)]
    assert Cart.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver", "sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/shop/cart/lines/", {"sku": MUG}),
        (f"/shop/cart/lines/{MUG}/", {"quantity": "5"}),
        (f"/shop/cart/lines/{MUG}/removal/", {}),
    ],
)
def test_a_form_from_elsewhere_changes_nothing(path: str, data: Any, headers: Any):
    client = Client(enforce_csrf_checks=True)
    add_to_cart(client, MUG, 1)

    response = client.post(path, data, headers=headers)

    assert response.status_code == 403
    assert lines() == [(MUG, 1)]


def test_the_origin_alone_is_enough_for_older_browsers(client: Client):
    client.post("/shop/cart/lines/", {"sku": MUG}, headers={"origin": "http://testserver"})

    assert lines() == [(MUG, 1)]


def test_a_script_gets_the_drawer_and_the_count(client: Client):
    response = client.post("/shop/cart/lines/", {"sku": MUG, "quantity": "2"}, **SCRIPT)

    text = response.content.decode()
    assert response["HX-Trigger-After-Settle"] == "cart:added"
    assert 'id="cart-drawer-body" data-hx-swap-oob="true"' in text
    assert 'id="cart-count" data-hx-swap-oob="true">2<' in text


def test_chosen_options_are_put_in_not_the_variant_that_was_shown(client: Client):
    product_with("cup", celadon=5, tenmoku=5)

    client.post("/shop/cart/lines/", {"product": "cup", "choose-glaze": "tenmoku"}, **SAME_ORIGIN)

    assert lines() == [("CUP-TENMOKU", 1)]


@pytest.mark.parametrize(
    "data",
    [
        {"sku": "MUG-MOSS"},
        {"sku": MUG, "quantity": "6"},
        {"sku": MUG, "quantity": "0"},
        {"sku": MUG, "quantity": "many"},
        {"sku": "UNKNOWN"},
        {"product": "unknown"},
        {},
    ],
)
def test_what_cannot_be_had_is_refused_in_words_and_makes_no_cart(client: Client, data: Any):
    refused = client.post("/shop/cart/lines/", data, **SAME_ORIGIN)
    fragment = client.post("/shop/cart/lines/", data, **SCRIPT)

    assert (refused.status_code, refused["Location"]) == (303, "/shop/")
    assert fragment.status_code == 422
    assert '"level": "error"' in fragment["HX-Trigger"]
    assert not Cart.objects.exists()
    assert "cart" not in refused.cookies


def test_a_refusal_goes_back_to_the_page_it_came_from_but_not_to_strangers(client: Client):
    def refused(referer: str) -> str:
        headers = {"sec-fetch-site": "same-origin", "referer": referer}
        return client.post("/shop/cart/lines/", {"sku": "MUG-MOSS"}, headers=headers)["Location"]

    assert refused("http://testserver/shop/p/mug/") == "http://testserver/shop/p/mug/"
    assert refused("https://evil.example/") == "/shop/"


@pytest.mark.parametrize(
    ("ref", "source"),
    [(attribution.sign(("post", "on-glazes")), ("post", "on-glazes")), ("forged", ("", "")), ("", ("", ""))],
    ids=["signed", "forged", "none"],
)
def test_where_it_was_seen_is_kept_only_when_it_is_signed(client: Client, ref: str, source: tuple[str, str]):
    add_to_cart(client, MUG, ref=ref)

    assert CartLine.objects.values_list("source_kind", "source_id").get() == source


def test_the_quantity_can_be_changed_and_a_mistake_is_told(client: Client):
    add_to_cart(client, MUG, 1)

    changed = client.post(f"/shop/cart/lines/{MUG}/", {"quantity": "3"}, **SAME_ORIGIN)
    too_many = client.post(f"/shop/cart/lines/{MUG}/", {"quantity": "6"}, **SCRIPT)
    nonsense = client.post(f"/shop/cart/lines/{MUG}/", {"quantity": "x"}, **SCRIPT)

    assert changed.status_code == 303
    assert [too_many.status_code, nonsense.status_code] == [422, 422]
    assert "Only 5 of Mug left. Your cart has 3." in too_many.content.decode()
    assert "Enter a whole number from 0 to 9999. Your cart has 3." in nonsense.content.decode()
    for page in (too_many, nonsense):
        assert 'name="quantity" value="3"' in page.content.decode()
    assert lines() == [(MUG, 3)]


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("0", "Enter a whole number from 1 to 9999."),
        ("-1", "Enter a whole number from 1 to 9999."),
        ("2.5", "Enter a whole number from 1 to 9999."),
        ("99999", "Enter a whole number from 1 to 9999."),
        ("999", "Only 5 of Mug left. Your cart has 3."),
        ("3", "Only 5 of Mug left. Your cart has 3."),
    ],
)
def test_a_quantity_that_cannot_be_added_says_what_counts(client: Client, quantity: str, words: str):
    add_to_cart(client, MUG, 3)

    fragment = client.post("/shop/cart/lines/", {"sku": MUG, "quantity": quantity}, **SCRIPT)
    page = client.post("/shop/cart/lines/", {"sku": MUG, "quantity": quantity}, **SAME_ORIGIN, follow=True)

    assert json.loads(fragment["HX-Trigger"])["toast"]["text"] == words
    assert words in page.content.decode()
    assert lines() == [(MUG, 3)]


def test_the_number_in_the_header_can_be_asked_for_after_back(client: Client):
    add_to_cart(client, MUG, 2)

    answer = client.get("/shop/cart/count/", **SCRIPT)

    assert 'id="cart-count" data-hx-swap-oob="true">2<' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_quantities_are_judged_by_the_server_which_can_say_what_counts(client: Client):
    add_to_cart(client, MUG, 1)

    for path in ("/shop/cart/", "/shop/p/mug/"):
        html = client.get(path).content.decode()
        assert 'data-limit="Only 5 left."' in html
        forms = re.findall(r"<form[^>]*data-hx-post=[^>]*>", html)
        assert [form for form in forms if "lines/" in form and "removal" not in form and "novalidate" not in form] == []


def test_a_line_is_taken_out_and_put_back_with_its_source(client: Client):
    add_to_cart(client, MUG, 2, ref=attribution.sign(("post", "on-glazes")))

    page = client.post(f"/shop/cart/lines/{MUG}/removal/", **SAME_ORIGIN)
    removed = page.context["removed"]

    assert lines() == []
    assert "Mug was removed from your cart." in page.content.decode()
    add_to_cart(client, removed.sku, removed.quantity, ref=removed.ref)
    assert list(CartLine.objects.values_list("variant__sku", "quantity", "source_id")) == [(MUG, 2, "on-glazes")]


def test_quantity_nothing_takes_the_line_out(client: Client):
    add_to_cart(client, MUG, 2)

    client.post(f"/shop/cart/lines/{MUG}/", {"quantity": "0"}, **SCRIPT)

    assert lines() == []


def test_the_cart_says_what_has_changed_meanwhile(client: Client, mug: Any):
    add_to_cart(client, MUG, 4)
    variant = CartLine.objects.select_related("variant").get().variant
    catalogue.set_price(variant=variant, market=mug, amount=euros("36.00"), by=SYSTEM)
    stock.adjust_stock(sku=MUG, change=-3, key="broken", note="broken", by=SYSTEM)
    page = client.get("/shop/cart/").content.decode()

    assert "Price changed from €34.00 to €36.00" in page
    assert "Only 2 left" in page
    assert "Update the marked items to continue." in page


def test_a_sold_out_line_stands_in_the_way_until_it_is_taken_out(client: Client):
    product_with("cup", celadon=1)
    add_to_cart(client, MUG, 1)
    add_to_cart(client, "CUP-CELADON", 1)
    stock.adjust_stock(sku="CUP-CELADON", change=-1, key="broken", note="broken", by=SYSTEM)

    page = client.get("/shop/cart/")

    assert "No longer available" in page.content.decode()
    assert page.context["view"].quote.total.minor == 3400
    assert client.get("/shop/checkout/contact/")["Location"] == "/shop/cart/"


def test_the_cart_says_how_far_free_delivery_is(client: Client):
    add_to_cart(client, MUG, 2)
    assert "Add €32.00 more for free delivery" in client.get("/shop/cart/").content.decode()

    add_to_cart(client, MUG, 1)
    assert "Your order qualifies for free delivery" in client.get("/shop/cart/").content.decode()


def test_after_sign_in_the_visitors_cart_becomes_the_persons(client: Client, customer: Any):
    add_to_cart(client, MUG, 2)
    client.force_login(customer)

    client.get("/shop/cart/")

    cart = Cart.objects.get(status="open")
    assert cart.user == customer
    assert lines() == [(MUG, 2)]


def test_after_sign_in_two_carts_become_one(client: Client, customer: Any):
    product_with("cup", celadon=5)
    at_home = Client()
    at_home.force_login(customer)
    add_to_cart(at_home, "CUP-CELADON", 1)
    add_to_cart(at_home, MUG, 1)

    add_to_cart(client, MUG, 2)
    client.force_login(customer)
    page = client.get("/shop/cart/")

    assert [(line.sku, line.line.quantity) for line, _image in page.context["lines"]] == [
        ("CUP-CELADON", 1),
        (MUG, 3),
    ]
    assert Cart.objects.filter(status="open").count() == 1


def test_a_forged_key_opens_no_cart(client: Client):
    add_to_cart(client, MUG, 2)
    thief = Client()
    thief.cookies["cart"] = "guessed:signature"

    assert thief.get("/shop/cart/").context["view"] is None


def test_a_signed_out_browser_does_not_see_the_persons_cart(client: Client, customer: Any):
    client.force_login(customer)
    add_to_cart(client, MUG, 2)
    client.logout()

    assert client.get("/shop/cart/").context["view"] is None


def test_a_stranger_without_a_cart_costs_no_query_for_it(client: Client, django_assert_num_queries: Any):
    with django_assert_num_queries(0):
        response = client.get("/shop/orders/find/")

    assert response.status_code == 200


@pytest.mark.parametrize("count", [1, 24, 100])
def test_a_cart_costs_the_same_whatever_is_in_it(client: Client, django_assert_max_num_queries: Any, count: int):
    for index in range(count):
        product_with(f"cup-{index}", celadon=5)
        add_to_cart(client, f"CUP-{index}-CELADON")

    with django_assert_max_num_queries(8):
        page = client.get("/shop/cart/")

    assert len(page.context["lines"]) == count
