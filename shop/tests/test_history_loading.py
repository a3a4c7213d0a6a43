"""Past orders can be loaded as they happened: through the services, without a worker, with the moments of the past."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.permissions.models import Entitlement
from core import context
from core.context import Actor
from core.events.models import Event
from shop.order_management.services import fulfilment, orders
from shop.orders.models import Order
from shop.payments.models import LedgerEntry
from shop.payments.providers.sandbox import Outcome
from shop.payments.services import refunds
from shop.reviews import services as reviews
from shop.reviews.models import Review
from shop.tests.factories import SYSTEM, VariantFactory, place, settle, start

pytestmark = pytest.mark.usefixtures("sums_hold")


@pytest.fixture
def long_ago() -> datetime:
    return timezone.now() - timedelta(days=80)


def test_a_whole_life_of_an_order_lies_in_the_past(customer: Any, long_ago: datetime, deliver_events: Any) -> None:
    variant = VariantFactory(sku="MUG", stock=9)
    before = Event.objects.count()
    soon, next_day, next_week = (long_ago + timedelta(minutes=4), long_ago + timedelta(days=1), long_ago + timedelta(7))

    with context.bind(quiet=True):
        order = place({variant: 2}, user=customer, source=("post", "on-glazes"), now=long_ago)
        settle(start(order, now=long_ago), Outcome.DECLINE, now=long_ago)
        settle(start(order, now=soon), now=soon)
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM, now=next_day)
        asked = refunds.request_refund(
            order_id=order.pk, lines={str(order.lines.get().uid): 1}, reason="Chipped", by=SYSTEM, now=next_week
        )
        refunds.carry_out_refund(refund_id=asked.pk, by=SYSTEM, now=next_week)
        reviews.write_review(product_id=variant.product_id, rating=5, by=Actor.person(customer), now=next_week)

    order.refresh_from_db()
    asked.refresh_from_db()
    assert (order.placed_at, order.paid_at, order.fulfilled_at) == (long_ago, soon, next_day)
    assert list(LedgerEntry.objects.order_by("id").values_list("kind", "at")) == [
        ("capture", soon),
        ("refund", next_week),
    ]
    assert (asked.created_at, asked.done_at) == (next_week, next_week)
    assert Review.objects.get().created_at == next_week
    assert Entitlement.objects.get().since == soon
    of_the_order = Event.objects.filter(subject_id=order.number, name__startswith="order.").order_by("id")
    assert list(of_the_order.values_list("name", "at", "quiet")) == [
        ("order.placed", long_ago, True),
        ("order.paid", soon, True),
        ("order.fulfilled", next_day, True),
        ("order.refund_requested", next_week, True),
        ("order.refunded", next_week, True),
    ]
    assert Event.objects.count() > before


def test_an_order_nobody_paid_expired_in_the_past(long_ago: datetime) -> None:
    order = place(now=long_ago)
    start(order, now=long_ago)

    assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 1

    order.refresh_from_db()
    assert order.status == "expired"
    assert order.closed_at == long_ago + timedelta(minutes=30)
    assert not Order.objects.exclude(status="expired").exists()
