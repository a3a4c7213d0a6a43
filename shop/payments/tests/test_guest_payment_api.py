"""A guest's order by API: read, paid again and cancelled with the token that placing it gave."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from rest_framework.test import APIClient

from core.testing import snapshot
from shop.orders.models import Order
from shop.payments.models import SandboxCharge
from shop.tests.factories import BERLIN, VariantFactory, place, shop_ready, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]
STRANGE = [
    "https://evil.example/",
    "//evil.example/",
    "https://testserver.evil.example/",
    "https://testserver@evil.example/",
    "http://evil.example:80/",
]


def placed(**asked: Any) -> Any:
    """The answer to an order that a stranger's program placed."""
    shop_ready()
    VariantFactory(sku="MUG", price=3400)
    api = APIClient()
    made = api.post("/api/v1/carts/").json()
    url = f"/api/v1/carts/{made['token']}/"
    api.post(f"{url}lines/", {"sku": "MUG"}, format="json")
    details = {"email": "bea@example.com", "shipping_address": BERLIN, "shipping_method": "standard"}
    cart = api.patch(url, details, format="json").json()
    return api.post(f"{url}orders/", {"quote_hash": cart["quote_hash"], "provider": "sandbox", **asked}, format="json")


def test_the_token_opens_the_order_and_pays_it_again() -> None:
    answer = placed().json()
    address, token = f"/api/v1/orders/{answer['order']['number']}/", answer["token"]
    api = APIClient()
    assert answer["order"]["payments"][0]["status"] == answer["payment"]["status"] == "pending"

    read = api.get(address, {"token": token})
    assert (read.status_code, read.json()["number"]) == (200, answer["order"]["number"])
    assert read.json()["email"] == "bea@example.com"

    again = api.post(f"{address}payments/?token={token}", {"provider": "bank_transfer"}, format="json")
    assert again.status_code == 201, again.json()
    assert (again.status_code, again.json()["reference"]) == (201, answer["order"]["number"])

    over = api.post(f"{address}cancellation/?token={token}")
    assert (over.status_code, over.json()["status"]) == (200, "cancelled")


@pytest.mark.parametrize("token", ["", "forged", "%00"])
def test_without_the_right_token_nothing_is_shown_or_done(token: str) -> None:
    order = place()
    before = snapshot("shop.Order", "shop.Payment", "core.Event")
    api = APIClient()
    address = f"/api/v1/orders/{order.number}/"

    for answer in (
        api.get(f"{address}?token={token}"),
        api.post(f"{address}payments/?token={token}", {"provider": "sandbox"}, format="json"),
        api.post(f"{address}cancellation/?token={token}"),
    ):
        assert answer.status_code in {400, 401, 403, 404}
        assert order.email not in answer.content.decode()

    assert snapshot("shop.Order", "shop.Payment", "core.Event") == before


def test_a_token_opens_neither_lists_nor_the_acts_of_staff() -> None:
    order = place()
    api = APIClient()

    assert api.get(f"/api/v1/orders/?token={order.signature}").status_code in {400, 401, 403}
    for act in ("refunds", "fulfilments"):
        answer = api.post(
            f"/api/v1/orders/{order.number}/{act}/?token={order.signature}", {"reason": "x"}, format="json"
        )
        assert answer.status_code in {401, 403}


def test_a_token_of_another_order_does_not_fit() -> None:
    first, second = place(), place()

    assert APIClient().get(f"/api/v1/orders/{first.number}/?token={second.signature}").status_code == 404


class TestWayBack:
    @pytest.mark.parametrize("url", ["https://evil.example/", "https://testserver.evil.example/"])
    def test_a_strange_address_is_refused_before_anything_is_ordered(self, url: str) -> None:
        answer = placed(return_url=url)

        assert answer.status_code == 422
        assert (answer.json()["code"], answer.json()["errors"][0]["pointer"]) == ("invalid_return_url", "/return_url")
        assert not Order.objects.exists()

    def test_a_registered_one_and_our_own_are_taken(self, settings: Any) -> None:
        settings.PAYMENT_RETURN_ORIGINS = ["https://app.shop.example"]

        assert placed(return_url="https://app.shop.example/done?x=1").status_code == 201
        assert SandboxCharge.objects.get().return_url == "https://app.shop.example/done?x=1"

    def test_paying_again_asks_the_same(self, settings: Any) -> None:
        settings.SITE_URL = "https://shop.example"
        order = place()
        address = f"/api/v1/orders/{order.number}/payments/?token={order.signature}"
        api = APIClient()

        strange = api.post(address, {"provider": "sandbox", "return_url": "https://evil.example/"}, format="json")
        assert strange.status_code == 422
        ours = api.post(address, {"provider": "sandbox", "return_url": "https://shop.example/shop/"}, format="json")
        assert ours.status_code == 201

    @pytest.mark.parametrize("url", STRANGE)
    def test_the_sandbox_leads_to_no_strange_address(self, client: Any, url: str) -> None:
        attempt = start(place())
        SandboxCharge.objects.update(return_url=url)
        address = urlsplit(attempt.action_url).path

        assert "evil" not in client.get(address).content.decode()
        assert client.post(address, {"outcome": "pay"})["Location"] == "/shop/"
