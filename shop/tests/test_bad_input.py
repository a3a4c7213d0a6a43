"""Whatever is typed, sent or guessed: an answer in words, never a fault."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from shop.orders.models import Order
from shop.tests.factories import BERLIN, paid, shop_ready
from shop.tests.pages import SAME_ORIGIN, add_to_cart, product_with

pytestmark = pytest.mark.django_db

# Texts that trouble databases, numbers and parsers, and whatever else comes to mind.
NASTY = st.sampled_from(
    ["", " ", "\x00", "a\x00b", "0", "-1", "1e999999", "9" * 400, "NaN", "١٢", "é" * 300, "\ud800".encode("utf-8", "replace").decode(),
     "' OR 1=1 --", "{{ 7*7 }}", "<script>", "../../etc", "%00", "None", "true", "glaze:", ":", "-", "1-", "99999999-1"]
)  # fmt: skip
TEXT = st.one_of(NASTY, st.text(st.characters(codec="utf-8"), max_size=40))
FUZZ = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def mug(settings: Any) -> None:
    settings.RATE_LIMIT_PREFIX = "fuzz"
    shop_ready()
    product_with("mug", celadon=500)


def fields(*names: str) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(names), TEXT)


@FUZZ
@given(
    query=fields("option", "price", "in_stock", "q", "ordering", "cursor", "page_size", "category", "variant", "ref")
)
def test_addresses_of_the_catalogue(client: Client, query: dict[str, str]):
    for path in ("/shop/", "/shop/cups-mugs/", "/shop/p/mug/", "/shop/p/mug/reviews/"):
        assert client.get(path, query).status_code in (200, 400)
    assert client.get("/api/v1/products/", query).status_code in (200, 400, 404)


@FUZZ
@given(sent=fields("sku", "product", "quantity", "ref", "choose-glaze"), script=st.booleans())
def test_forms_of_the_cart(client: Client, sent: dict[str, str], script: bool):
    headers = {"sec-fetch-site": "same-origin", **({"hx-request": "true"} if script else {})}

    for path in ("/shop/cart/lines/", "/shop/cart/lines/MUG-CELADON/", "/shop/cart/lines/MUG-CELADON/removal/"):
        assert client.post(path, sent, headers=headers).status_code in (200, 303, 400, 422)
    assert client.get("/shop/cart/").status_code == 200


@FUZZ
@given(
    sent=fields("email", *BERLIN, "shipping_method", "provider", "other_billing", "quote_hash", "billing-name", "with")
)
def test_forms_of_the_checkout(client: Client, sent: dict[str, str]):
    add_to_cart(client, "MUG-CELADON")
    client.post("/shop/checkout/contact/", {"email": "bea@example.com"})

    for name in ("contact", "delivery", "payment", "review"):
        assert client.post(f"/shop/checkout/{name}/", {**BERLIN, **sent}).status_code in (302, 303, 400, 422)
        assert client.get(f"/shop/checkout/{name}/", sent).status_code in (200, 302, 400)


@FUZZ
@given(
    sent=fields("what", "amount", "reason", "restock", "key", "number", "email", "signature", "provider", "statement")
)
def test_forms_of_an_order(client: Client, manager: Any, sent: dict[str, str]):
    order = Order.objects.first() or paid()
    client.force_login(manager)

    for verb in ("refunds", "fulfilments", "payments", "cancellation"):
        assert client.post(f"/shop/orders/{order.number}/{verb}/", sent).status_code in (303, 400, 404, 422)
    for verb in ("refund", "fulfil", "cancel", "transfer"):
        assert client.post(f"/admin/shop/order/{order.pk}/{verb}/", sent).status_code in (302, 400, 422)
    assert client.post("/shop/orders/find/", sent).status_code in (200, 400, 422, 429)


@FUZZ
@given(body=st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["sku", "quantity", "ref", "amount", "currency", "lines", "reason", "email", "shipping_address", "country", "quote_hash", "provider", "rating"]), inner), max_leaves=8))  # fmt: skip
def test_bodies_of_the_api(api: APIClient, manager: Any, body: Any):
    order = Order.objects.first() or paid()
    api.force_login(manager)
    cart = api.post("/api/v1/carts/").json()["token"]

    for path in (
        f"carts/{cart}/lines/",
        f"carts/{cart}/orders/",
        f"orders/{order.number}/refunds/",
        f"orders/{order.number}/fulfilments/",
        f"orders/{order.number}/payments/",
        "products/mug/reviews/",
    ):
        assert api.post(f"/api/v1/{path}", body, format="json").status_code < 500
    assert api.patch(f"/api/v1/carts/{cart}/", body, format="json").status_code < 500


@FUZZ
@given(part=TEXT.filter(lambda text: text.strip("./")))
def test_guessed_addresses(client: Client, part: str):
    from urllib.parse import quote

    for path in ("shop/{}/", "shop/p/{}/", "shop/orders/{}/", "shop/orders/X/{}/", "shop/sandbox/{}/"):
        assert client.get("/" + path.format(quote(part, safe=""))).status_code in (200, 301, 302, 400, 404)
    removal = f"/shop/cart/lines/{quote(part, safe='')}/removal/"
    assert client.post(removal, **SAME_ORIGIN).status_code in (200, 303, 404)
