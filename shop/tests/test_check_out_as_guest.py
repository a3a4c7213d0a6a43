"""A stranger buys, with nothing but HTML: no account, no script."""

import pytest
from django.test import Client

from core.testing import events_named, no_event
from shop.models import Cart, Order, Payment
from shop.tests.factories import shop_ready
from shop.tests.pages import add_to_cart, check_out, decide, product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]


@pytest.fixture
def mug() -> str:
    shop_ready()
    product_with("straight-mug", celadon=2)
    return "STRAIGHT-MUG-CELADON"


def test_a_guest_walks_from_the_shelf_to_a_paid_order(client: Client, mug: str):
    assert add_to_cart(client, mug, 2)["Location"] == "/shop/cart/"

    placed = check_out(client, email="Bea@Example.com")
    page = decide(client, placed, "pay")

    order = Order.objects.get()
    assert (order.status, order.email, order.total) == ("paid", "bea@example.com", 7290)
    assert page.status_code == 200
    assert page.redirect_chain[-1][0] == f"/shop/orders/{order.number}/{order.signature}/"
    assert "Thank you. We are packing it" in page.content.decode()
    assert [event.data["amount"] for event in events_named("order.paid")] == [7290]
