"""Two workers never send one attempt twice, one that dies loses nothing, a slow receiver holds up only itself."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from core.testing import race
from core.webhooks import sending, transport
from core.webhooks.models import Webhook, WebhookDelivery
from core.webhooks.sending import Hold
from core.webhooks.tests.receiver import late, receiving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slow(make_webhook, make_delivery):
    """A webhook with one delivery, to a receiver that takes a while."""
    with receiving(late(0.2)) as receiver:
        webhook = make_webhook(receiver.url())
        make_delivery(webhook)
        yield webhook, receiver


def test_of_eight_workers_one_sends(slow):
    webhook, receiver = slow

    race(*[lambda: sending.send_due(webhook.pk)] * 8)

    assert len(receiver.received) == 1
    assert WebhookDelivery.objects.get().tries.count() == 1


def test_without_the_hold_several_would(slow, monkeypatch):
    webhook, receiver = slow
    monkeypatch.setattr(sending, "take", lambda pk: Hold(pk, timezone.now() + sending.LEASE))

    race(*[lambda: sending.send_due(webhook.pk)] * 8)

    assert len(receiver.received) > 1


def test_a_worker_that_dies_after_sending_leaves_the_delivery_to_another_under_the_same_id(slow, monkeypatch):
    webhook, receiver = slow

    def die(*_, **__):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sending, "_note", die)
        with pytest.raises(SystemExit):
            sending.send_due(webhook.pk)
    assert sending.waiting_webhooks() == []
    later = timezone.now() + sending.LEASE + timedelta(seconds=1)
    assert sending.waiting_webhooks(now=later) == [webhook.pk]
    Webhook.objects.update(next_at=timezone.now())
    sending.send_due(webhook.pk)

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.DELIVERED


def test_a_worker_that_wakes_after_its_lease_changes_nothing_that_another_finished(slow):
    webhook, _receiver = slow
    delivery = WebhookDelivery.objects.select_related("event", "webhook").get()
    lost = sending.take(webhook.pk)
    Webhook.objects.update(next_at=timezone.now())
    sending.send_due(webhook.pk)
    held = sending.take(webhook.pk)

    sending._note(delivery, transport.Answer(1, 500), lost, at=timezone.now(), now=timezone.now())

    delivery.refresh_from_db()
    webhook.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.tries.count()) == (WebhookDelivery.State.DELIVERED, 1, 2)
    assert webhook.next_at == held.until


@pytest.mark.parametrize("minutes", [-30, 30])
def test_a_worker_whose_clock_is_wrong_waits_and_holds_like_the_others(slow, monkeypatch, minutes):
    webhook, receiver = slow
    real = timezone.now
    with monkeypatch.context() as wrong:
        wrong.setattr(timezone, "now", lambda: real() + timedelta(minutes=minutes))
        hold = sending.take(webhook.pk)
        assert sending.take(webhook.pk) is None
        sending._release(hold)
    assert timedelta(minutes=1) < hold.until - real() <= sending.LEASE

    sending.send_due(webhook.pk)

    assert len(receiver.received) == 1


def test_a_slow_receiver_holds_up_only_itself(make_webhook, make_delivery):
    """Two workers, forty hints for a receiver of 0.3 s before forty for a quick one, which does not wait for it."""
    with receiving(late(0.3)) as slow, receiving() as quick:
        webhooks = [make_webhook(slow.url()), make_webhook(quick.url())]
        for _ in range(40):
            make_delivery(webhooks[0])  # wanted by both
        hints = [webhook.pk for webhook in webhooks for _ in range(40)]

        def work():
            while hints:
                sending.send_due(hints.pop(0))
            connections.close_all()

        started = time.monotonic()
        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        while len(quick.received) < 40 and time.monotonic() - started < 10:
            time.sleep(0.01)
        took, sent_to_slow = time.monotonic() - started, len(slow.received)
        webhooks[0].deliveries.all().delete()
        for worker in workers:
            worker.join()

    assert len(quick.received) == 40
    assert took < 3
    assert sent_to_slow <= 12
