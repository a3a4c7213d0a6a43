"""The sandbox posts over a real network to the door that is meant for every provider."""

import urllib.error
from typing import Any

import pytest

from core.testing import events_named
from shop.payments import tasks
from shop.payments.models import WebhookInbox
from shop.payments.providers import sandbox
from shop.payments.providers.sandbox import Outcome
from shop.tests.factories import place, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def door(live_server: Any, settings: Any) -> Any:
    settings.SITE_URL = live_server.url
    return settings


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    posted: list[str] = []
    monkeypatch.setattr(sandbox, "enqueue_best_effort", lambda task, body, delay: posted.append(body))
    return posted


def test_what_the_bank_posts_pays_the_order_once_though_it_comes_twice_and_late(door: Any, sent: list[str]) -> None:
    first, second = place(), place()
    for order in (first, second):
        sandbox.settle_charge(ref=start(order).provider_ref, outcome=Outcome.PAY, webhook_delays=(0, 0))
    assert len(sent) == 4

    for body in reversed(sent):
        tasks.send_sandbox_webhook(body)
    tasks.process_inbox()
    tasks.send_sandbox_webhook(sent[0])
    tasks.process_inbox()

    for order in (first, second):
        order.refresh_from_db()
        assert order.status == "paid"
    assert WebhookInbox.objects.count() == len(events_named("order.paid")) == 2


def test_a_shop_that_turns_the_bank_away_hears_of_it_again(door: Any) -> None:
    with pytest.raises(urllib.error.HTTPError, match="422"):
        sandbox.post_webhook(b"{}")

    assert not WebhookInbox.objects.exists()
    assert OSError in tasks.send_sandbox_webhook.autoretry_for
