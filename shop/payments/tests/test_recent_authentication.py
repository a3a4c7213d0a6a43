"""Whoever gives money back, or notes it as come or gone, said within minutes who they are; else nothing moves."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from core import testing
from core.context import Actor
from core.testing import events_named, no_event
from shop.orders.models import Order
from shop.payments.models import Refund
from shop.payments.services import payments, refunds
from shop.tests.factories import SYSTEM, paid, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

PASSWORD = "clay-and-fire"
WISH = {"what": "all", "reason": "broke", "key": "one-press"}
MONEY = ("shop.Order", "shop.Payment", "shop.Refund", "shop.LedgerEntry", "shop.BankBooking", "core.Event")


@pytest.fixture
def stale(manager: Any) -> Client:
    """A manager's browser, signed in long ago."""
    browser = Client()
    browser.force_login(manager)
    return browser


def by_transfer() -> Order:
    order = place(provider="bank_transfer")
    payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)
    return order


def on_its_way_by_transfer(manager: Any) -> str:
    """The address where a refund by transfer is noted as sent."""
    order = by_transfer()
    fresh = testing.JustSignedIn()
    fresh.force_login(manager)
    fresh.post(f"/admin/shop/order/{order.pk}/transfer/", {"amount": "38.90", "statement": "2026-11-21/1"})
    made = refunds.request_refund(order_id=order.pk, reason="broke", by=Actor.person(manager))
    return f"/admin/shop/order/{order.pk}/refunds/{made.uid}/sent/"


@pytest.mark.parametrize("act", ["page", "admin refund", "admin transfer", "admin refund sent"])
def test_who_signed_in_long_ago_is_asked_first_and_no_money_moves(stale: Client, manager: Any, act: str):
    address = {
        "page": lambda: f"/shop/orders/{paid().number}/refunds/",
        "admin refund": lambda: f"/admin/shop/order/{paid().pk}/refund/",
        "admin transfer": lambda: f"/admin/shop/order/{by_transfer().pk}/transfer/",
        "admin refund sent": lambda: on_its_way_by_transfer(manager),
    }[act]()
    before = testing.snapshot(*MONEY)

    asked = stale.post(address, {**WISH, "statement": "2026-11-22/1"})

    assert asked.status_code == 302
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert testing.snapshot(*MONEY) == before


@pytest.mark.parametrize("door", ["page", "admin"])
def test_after_that_the_refund_that_was_sent_is_made_once(stale: Client, door: str):
    order = paid()
    address = {"page": f"/shop/orders/{order.number}/refunds/", "admin": f"/admin/shop/order/{order.pk}/refund/"}[door]
    asked = stale.post(address, WISH)

    done = stale.post(asked["Location"], {"password": PASSWORD, "next": address})

    assert done.status_code == {"page": 303, "admin": 302}[door]
    assert list(Refund.objects.values_list("amount", flat=True)) == [order.total]
    assert len(events_named("order.refund_requested")) == 1


def test_beside_a_conversation_the_whole_page_is_led_there_and_comes_back_to_the_order(stale: Client):
    order = paid()
    address = f"/shop/orders/{order.number}/refunds/"

    asked = stale.post(address, WISH, headers={"hx-request": "true"})
    unasked = Refund.objects.count()
    done = stale.post(asked["HX-Redirect"], {"password": PASSWORD, "next": address})

    assert (asked.status_code, asked.content, unasked) == (200, b"", 0)
    assert asked["HX-Redirect"].startswith(reverse("account_reauthenticate"))
    assert (done.status_code, done["Location"]) == (303, f"/shop/orders/{order.number}/")
    assert Refund.objects.count() == 1


def test_a_wrong_password_moves_nothing(stale: Client):
    order = paid()
    address = f"/shop/orders/{order.number}/refunds/"
    asked = stale.post(address, WISH)

    refused = stale.post(asked["Location"], {"password": "not-this-one", "next": address})

    assert refused.status_code == 200
    assert no_event("order.refund_requested")


def test_looking_at_the_form_asks_nothing(stale: Client):
    order = paid()

    assert stale.get(f"/shop/orders/{order.number}/refunds/").status_code == 200
    assert stale.get(f"/admin/shop/order/{order.pk}/refund/").status_code == 200


def test_sending_a_parcel_asks_nothing(stale: Client):
    order = paid()
    line = order.lines.get()

    sent = stale.post(f"/shop/orders/{order.number}/fulfilments/", {f"line-{line.uid}": "1", "key": "k"})

    assert sent["Location"] == f"/shop/orders/{order.number}/"
    assert order.fulfilments.count() == 1


def test_a_session_at_the_api_is_refused_with_a_problem(manager: Any):
    order, script = paid(), APIClient()
    script.force_login(manager)
    before = testing.snapshot(*MONEY)

    answer = script.post(f"/api/v1/orders/{order.number}/refunds/", {"reason": "broke"})

    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
    assert testing.snapshot(*MONEY) == before


def test_a_key_with_the_scope_is_not_asked(manager: Any):
    order, program = paid(), APIClient()
    made = api_keys.add_key(user_id=manager.pk, name="books", scopes=["shop:write"], by=Actor.person(manager))
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {made.token}")

    answer = program.post(f"/api/v1/orders/{order.number}/refunds/", {"reason": "broke"})

    assert answer.status_code == 201
    assert Refund.objects.get().amount == order.total


def test_what_is_wrong_with_the_form_is_told_before_anybody_is_asked(stale: Client):
    order = paid()

    answer = stale.post(f"/shop/orders/{order.number}/refunds/", {"what": "amount", "amount": "0", "reason": "x"})

    assert answer.status_code == 422
    assert no_event("order.refund_requested")
