"""The shop sells while Redis hangs: limits stand open, hints are lost, and the database remembers what is to be done."""

import json
import time
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from core import circuit_breaker, testing
from core.testing import events_named, no_event
from shop.cart.models import CartLine
from shop.orders.models import Order
from shop.payments.models import Payment
from shop.payments.providers import sandbox
from shop.payments.services import inbox
from shop.tests.factories import SYSTEM, paid, shop_ready
from shop.tests.pages import add_to_cart, check_out, decide, product_with

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sums_hold")]

MUG = "STRAIGHT-MUG-CELADON"


@pytest.fixture(autouse=True)
def market(db: None) -> Any:
    market = shop_ready()
    product_with("straight-mug", celadon=3)
    return market


def test_a_guest_buys_and_is_written_to_later(client: Client, silent_redis: testing.SilentServer):
    started = time.monotonic()

    shelf, product = client.get("/shop/"), client.get("/shop/p/straight-mug/")
    add_to_cart(client, MUG, 2)
    page = decide(client, check_out(client), "pay")
    took = time.monotonic() - started

    order = Order.objects.get()
    assert (shelf.status_code, product.status_code, order.status) == (200, 200, "paid")
    assert "Thank you. We are preparing your order" in page.content.decode()
    # One time-out a pause at the most, however many questions this asked.
    assert silent_redis.connections <= 1 + took // circuit_breaker.PAUSE_SECONDS

    mail.outbox.clear()
    testing.deliver_events()
    assert [message.to for message in mail.outbox] == [["buyer@example.com"]]


def test_the_webhook_of_a_payment_is_kept_and_acted_on_later(client: Client, without_redis: None):
    add_to_cart(client, MUG)
    check_out(client)
    payment = Payment.objects.get()
    sandbox.settle_charge(ref=payment.provider_ref, outcome=sandbox.Outcome.PAY, webhook_delays=())
    body = json.dumps({"id": "sbe_1", "ref": payment.provider_ref}).encode()

    inbox.receive_webhook(provider="sandbox", body=body, headers={sandbox.SIGNATURE_HEADER: sandbox.sign_webhook(body)})

    assert no_event("order.paid")
    assert inbox.process_inbox(by=SYSTEM) == 1
    assert len(events_named("order.paid")) == 1


def test_looking_for_an_order_is_refused_since_nobody_can_count_the_attempts(client: Client, without_redis: None):
    order = paid()
    mail.outbox.clear()

    answer = client.post("/shop/orders/find/", {"number": order.number, "email": order.email})

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "This is not available right now." in answer.content.decode()
    testing.deliver_events()
    assert not any(order.signature in message.body for message in mail.outbox if "link" in message.subject.lower())


def test_programs_read_and_write(api: APIClient, customer: Any, without_redis: None):
    api.force_login(customer)

    cart = api.post("/api/v1/carts/")
    line = api.post(f"/api/v1/carts/{cart.json()['token']}/lines/", {"sku": MUG, "quantity": 1})
    products = api.get("/api/v1/products/")

    assert (cart.status_code, line.status_code, products.status_code) == (201, 201, 200)
    assert CartLine.objects.get().quantity == 1


def test_staff_work_on(client: Client, staff: Any, without_redis: None):
    order = paid()
    client.force_login(staff)

    pages = ["/admin/", "/admin/shop/order/", f"/admin/shop/order/{order.pk}/change/"]

    assert [client.get(page).status_code for page in pages] == [200] * 3
