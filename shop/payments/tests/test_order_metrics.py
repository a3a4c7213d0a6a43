"""The orders of the last day, as /metrics tells them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shop.orders.models import Order
from shop.payments import metrics
from shop.tests.factories import paid, place, shop_ready

pytestmark = pytest.mark.django_db


def measured() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, sample.labels["status"], sample.labels["currency"]): sample.value
        for family in metrics._orders()
        for sample in family.samples
    }


def test_orders_of_the_last_day_are_counted_and_summed_by_state(django_assert_num_queries):
    first, second = paid(), paid()
    waiting = place()
    old = paid()
    Order.objects.filter(pk=old.pk).update(placed_at=timezone.now() - timedelta(hours=25))

    with django_assert_num_queries(1):
        told = measured()

    both = float(first.money(first.total).amount + second.money(second.total).amount)
    assert told == {
        ("agora_orders", "paid", "EUR"): 2,
        ("agora_orders_amount", "paid", "EUR"): both,
        ("agora_orders", "pending_payment", "EUR"): 1,
        ("agora_orders_amount", "pending_payment", "EUR"): float(waiting.money(waiting.total).amount),
    }


def test_a_shop_without_orders_tells_none():
    shop_ready()

    assert measured() == {}
