"""Sales are kept from events, once each, on the day they happened."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from analytics.models import SaleFact, SaleSource
from analytics.tests.factories import sale
from core.context import Actor
from core.events import services as events
from core.events.models import EventDelivery
from core.testing import snapshot

SHOP = Actor.system("shop")

pytestmark = pytest.mark.django_db


def pay(order="A-1", **data):
    return events.record("order.paid", ("order", order), by=SHOP, now=data.pop("now", None), **data)


def deliver_to_insight():
    """Run this app's handlers alone: the shop's would look for the order."""
    for delivery in EventDelivery.objects.filter(pk__in=events.relay().deliveries, handler__startswith="analytics."):
        assert events.deliver(delivery.pk), delivery.error


def test_a_paid_order_becomes_a_sale_with_what_it_is_owed_to():
    event = pay(
        now=datetime(2026, 11, 3, 9, tzinfo=UTC),
        currency="EUR",
        amount=8650,
        sources=[{"kind": "post", "id": "on-glazes", "amount": 4200}, {"kind": "room", "id": "r1", "amount": 1000}],
    )

    deliver_to_insight()

    fact = SaleFact.objects.get()
    assert (fact.event_uid, fact.kind, fact.order) == (event.uid, "paid", "A-1")
    assert (fact.day, fact.currency, fact.amount) == (date(2026, 11, 3), "EUR", 8650)
    assert set(fact.sources.values_list("kind", "public_id", "amount")) == {
        ("post", "on-glazes", 4200),
        ("room", "r1", 1000),
    }


def test_lines_owed_to_one_thing_are_summed():
    pay(currency="EUR", amount=300, sources=[{"kind": "post", "id": "p", "amount": part} for part in (100, 150)])

    deliver_to_insight()

    assert SaleSource.objects.get().amount == 250


def test_a_refund_counts_on_its_own_day():
    pay(now=datetime(2026, 11, 3, 9, tzinfo=UTC), currency="EUR", amount=5000)
    events.record(
        "order.refunded",
        ("order", "A-1"),
        by=SHOP,
        now=datetime(2026, 11, 9, 9, tzinfo=UTC),
        currency="EUR",
        amount=2000,
        sources=[],
    )

    deliver_to_insight()

    assert list(SaleFact.objects.order_by("day").values_list("kind", "day", "amount")) == [
        ("paid", date(2026, 11, 3), 5000),
        ("refunded", date(2026, 11, 9), 2000),
    ]


def test_an_event_delivered_again_counts_once():
    pay(currency="EUR", amount=5000, sources=[{"kind": "post", "id": "p", "amount": 5000}])
    deliver_to_insight()
    before = snapshot("analytics.SaleFact", "analytics.SaleSource")

    EventDelivery.objects.update(state="pending", done_at=None)
    for delivery in EventDelivery.objects.filter(handler="analytics.keep_sale"):
        assert events.deliver(delivery.pk)

    assert snapshot("analytics.SaleFact", "analytics.SaleSource") == before


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", date(2026, 11, 3)), ("Europe/Vienna", date(2026, 11, 4)), ("America/Lima", date(2026, 11, 3))],
)
def test_the_day_is_that_of_the_sites_time_zone(settings, zone, day):
    settings.TIME_ZONE = zone

    fact = sale(100, at=datetime(2026, 11, 3, 23, 30, tzinfo=UTC))

    assert fact.day == day


@pytest.mark.parametrize("wrong", [{"amount": -1}, {"currency": "eur"}, {"kind": "given"}])
def test_the_database_refuses_what_is_no_sale(wrong):
    fact = sale(100)

    with pytest.raises(IntegrityError), transaction.atomic():
        SaleFact.objects.filter(pk=fact.pk).update(**wrong)

    fact.refresh_from_db()
    assert (fact.amount, fact.currency, fact.kind) == (100, "EUR", "paid")
