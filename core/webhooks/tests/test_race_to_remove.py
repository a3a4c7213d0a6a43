"""A webhook is removed while an event spreads: neither fails, and nothing is left of it."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from core.events import services as events
from core.testing import failures, race
from core.webhooks.models import Webhook, WebhookDelivery
from core.webhooks.services import deliveries, endpoints
from core.webhooks.tests.conftest import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)

WHILE = 0.5  # seconds that the first holds its transaction open, in which the second comes


@pytest.fixture
def webhook(make_webhook):
    return make_webhook()


@pytest.fixture
def event(webhook):
    return events.record("order.paid", ("order", "A1"), by=SYSTEM)


def one_within_the_other(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What comes of two, of which the second begins when the first is done and not yet committed."""
    done, pause = threading.Event(), threading.Event()

    def outer():
        with transaction.atomic():
            result = first()
            done.set()
            pause.wait(WHILE)
        return result

    def inner():
        done.wait(30)
        return second()

    return race(outer, inner)


def test_an_event_that_comes_during_a_removal_makes_no_delivery(webhook, event):
    removed, spread = one_within_the_other(
        lambda: endpoints.remove_webhook(webhook_id=webhook.pk, by=SYSTEM), lambda: deliveries.spread(event)
    )

    assert (removed, spread) == (None, 0)
    assert not Webhook.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_a_removal_that_comes_while_an_event_spreads_takes_its_delivery_too(webhook, event):
    spread, removed = one_within_the_other(
        lambda: deliveries.spread(event), lambda: endpoints.remove_webhook(webhook_id=webhook.pk, by=SYSTEM)
    )

    assert (spread, removed) == (1, None)
    assert not Webhook.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_events_that_spread_at_once_do_not_wait_for_each_other(webhook, event):
    other = events.record("order.paid", ("order", "A2"), by=SYSTEM)

    def spread_within(limit: str) -> int:
        with transaction.atomic():
            connection.cursor().execute(f"SET LOCAL lock_timeout = '{limit}'")
            return deliveries.spread(other)

    assert one_within_the_other(lambda: deliveries.spread(event), lambda: spread_within("100ms")) == [1, 1]


@pytest.mark.parametrize("removal_is_first", [True, False])
def test_without_the_lock_one_of_them_would_fail(webhook, event, removal_is_first, monkeypatch):
    monkeypatch.setattr(deliveries, "_kept_webhooks", Webhook.objects.enabled)
    pair = [lambda: endpoints.remove_webhook(webhook_id=webhook.pk, by=SYSTEM), lambda: deliveries.spread(event)]

    results = one_within_the_other(*(pair if removal_is_first else reversed(pair)))

    assert [type(failure) for failure in failures(results)] == [IntegrityError]
