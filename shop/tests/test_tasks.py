"""The tasks beat sends by name: each does its work, and twice is as good as once."""

from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from shop.cart.models import Cart
from shop.order_management import tasks as order_management_tasks
from shop.orders import tasks as order_tasks
from shop.orders.models import Order
from shop.payments import tasks
from shop.payments.providers import sandbox
from shop.payments.providers.sandbox import Outcome
from shop.payments.services import refunds
from shop.tests.factories import SYSTEM, VariantFactory, cart_with, paid, place, start

pytestmark = pytest.mark.usefixtures("sums_hold")


def test_every_task_of_the_schedule_exists() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    ours = {name for name in scheduled if name.startswith("shop.")}
    forgets = {"shop.forget_carts", "shop.forget_invoice_addresses", "shop.forget_provider_messages"}
    assert ours == {"shop.expire_orders", "shop.sync_open_payments"} | forgets
    assert ours <= set(current_app.tasks)


def test_orders_whose_time_is_over_expire() -> None:
    order = place(now=timezone.now() - timedelta(hours=1))

    for _ in range(2):
        order_management_tasks.expire_orders()

    order.refresh_from_db()
    assert order.status == "expired"


def test_payments_and_refunds_left_halfway_are_brought_to_their_end() -> None:
    before = timezone.now() - timedelta(minutes=20)
    silent = start(place(now=before), now=before)
    sandbox.settle_charge(ref=silent.provider_ref, outcome=Outcome.PAY, webhook_delays=())
    given_back = paid()
    refunds.request_refund(order_id=given_back.pk, reason="x", by=SYSTEM, now=before)

    for _ in range(2):
        tasks.sync_open_payments()

    given_back.refresh_from_db()
    assert given_back.status == "cancelled"
    assert Order.objects.get(pk=silent.order_id).status == "paid"


def test_old_carts_are_forgotten() -> None:
    kept = cart_with({VariantFactory(): 1})
    cart_with({VariantFactory(): 1}, now=timezone.now() - order_tasks.CART_RETENTION - timedelta(days=1))

    order_tasks.purge_carts()

    assert list(Cart.objects.all()) == [kept]
