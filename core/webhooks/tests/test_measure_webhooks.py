"""How webhooks stand is told in /metrics and by the doctor: what waits, what is late by our fault, what failed."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from core.metrics import prometheus
from core.monitoring import checks
from core.monitoring.doctor import State
from core.webhooks import metrics
from core.webhooks.metrics import Deliveries
from core.webhooks.models import Webhook, WebhookDelivery

NOW = timezone.now()
NONE = Deliveries(0, 0.0)


def ago(**much: int):
    return NOW - timedelta(**much)


@pytest.fixture(autouse=True)
def it_is_now(monkeypatch):
    monkeypatch.setattr(metrics, "timezone", SimpleNamespace(now=lambda: NOW))


@pytest.fixture
def standing(make_webhook, make_delivery):
    """A delivery to a webhook of its own, as it stands after a while."""

    def make(*, webhook: dict | None = None, **delivery) -> None:
        made = make_delivery(make_webhook(wanted=("order.paid",)))
        Webhook.objects.filter(pk=made.webhook_id).update(**{"next_at": ago(hours=1)} | (webhook or {}))
        WebhookDelivery.objects.filter(pk=made.pk).update(**{"next_at": ago(hours=1)} | delivery)
        # The next one is spread to its own webhook only.
        Webhook.objects.filter(pk=made.webhook_id).update(events=["test.never"])

    return make


def test_without_any_all_is_zero(db):
    assert metrics.deliveries() == {"waiting": NONE, "late": NONE, "failed": NONE}
    assert checks.webhooks().state is State.OK


def test_late_is_what_could_be_sent_from_when_it_could(standing):
    standing(created_at=ago(hours=5), next_at=ago(minutes=10))
    standing(created_at=ago(hours=3), next_at=ago(minutes=50), webhook={"next_at": ago(minutes=20)})

    found = metrics.deliveries()

    assert found["waiting"] == Deliveries(2, 5 * 3600.0)
    assert found["late"] == Deliveries(2, 20 * 60.0)
    assert checks.webhooks().state is State.WARNING
    assert checks.webhooks().what == "2 could be sent; the oldest for 1200 s."


def test_what_rests_because_its_receiver_is_away_waits_and_is_not_late(standing):
    standing(created_at=ago(hours=2), next_at=NOW + timedelta(hours=1))
    standing(created_at=ago(hours=1), webhook={"next_at": NOW + timedelta(minutes=5)})

    found = metrics.deliveries()

    assert (found["waiting"], found["late"]) == (Deliveries(2, 2 * 3600.0), NONE)
    assert (checks.webhooks().state, checks.webhooks().what) == (
        State.OK,
        "2 wait; none failed in the last 24 hours.",
    )


def test_what_is_switched_off_is_not_waited_for(standing):
    standing(webhook={"disabled_at": NOW, "disabled_reason": "by_hand"})

    assert metrics.deliveries()["waiting"] == NONE


def test_failures_are_told_for_a_day(standing):
    standing(state="failed", done_at=ago(hours=23))
    standing(state="failed", done_at=ago(hours=25))
    standing(state="delivered", done_at=ago(hours=1))

    assert metrics.deliveries() == {"waiting": NONE, "late": NONE, "failed": Deliveries(1, 23 * 3600.0)}
    assert checks.webhooks().what == "1 failed permanently in the last 24 hours."


@pytest.mark.parametrize("count", [1, 24, 100])
def test_it_costs_three_queries_however_many_there_are(
    make_webhook, make_delivery, django_assert_num_queries, settings, count
):
    webhook = make_webhook()
    for _ in range(count):
        make_delivery(webhook)

    with django_assert_num_queries(3):
        found = metrics.deliveries()
    settings.ROLE = "web"

    assert found["waiting"].count == count
    assert f'agora_webhook_deliveries{{state="waiting"}} {count}.0' in prometheus.text().decode()
