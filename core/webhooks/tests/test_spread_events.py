"""Each event reaches each webhook that asked for it, once, and nothing else does."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from core import context
from core.context import Actor
from core.events import services as events
from core.events.models import Event
from core.webhooks import sending, tasks
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from core.webhooks.services import deliveries, endpoints
from core.webhooks.tests.receiver import receiving

SYSTEM = Actor.system("test")


def record(name="user.signed_in"):
    return events.record(name, ("order", "A1"), by=SYSTEM)


def test_an_event_that_is_recorded_ends_up_at_the_receiver(make_webhook, deliver_events):
    with receiving() as receiver:
        webhook = make_webhook(receiver.url())
        event = record()

        deliver_events()
        tasks.send_webhooks(webhook.pk)

    assert [came.headers["webhook-id"] for came in receiver.received] == [str(event.uid)]


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        (("*",), ["order.paid", "order.placed", "post.published"]),
        (("order.*",), ["order.paid", "order.placed"]),
        (("order.paid",), ["order.paid"]),
        (("order.paid", "post.*"), ["order.paid", "post.published"]),
        (("room.*",), []),
    ],
)
def test_a_webhook_hears_what_it_asked_for(make_webhook, wanted, heard):
    webhook = make_webhook(wanted=wanted)
    for name in ("order.paid", "order.placed", "post.published"):
        deliveries.spread(record(name))

    assert sorted(webhook.deliveries.values_list("event__name", flat=True)) == heard


def test_the_same_event_again_makes_no_second_delivery(make_webhook):
    webhook = make_webhook()
    event = record()

    deliveries.spread(event)
    deliveries.spread(event)

    assert webhook.deliveries.count() == 1


def test_history_that_is_loaded_is_sent_to_nobody(make_webhook, deliver_events):
    make_webhook()
    with context.bind(quiet=True):
        record()

    deliver_events()

    assert not WebhookDelivery.objects.exists()


def test_what_happens_to_webhooks_is_told_to_none_so_that_nothing_goes_round(make_webhook, deliver_events):
    webhook = make_webhook()
    endpoints.rotate_secret(webhook_id=webhook.pk, by=SYSTEM)
    endpoints.switch_webhook(webhook_id=webhook.pk, on=False, by=SYSTEM)
    endpoints.switch_webhook(webhook_id=webhook.pk, on=True, by=SYSTEM)

    deliver_events()

    assert Event.objects.filter(name__startswith="webhook.").count() == 4
    assert not WebhookDelivery.objects.exists()


def test_a_test_event_goes_to_the_webhook_that_is_tested_and_to_no_other(make_webhook, deliver_events):
    make_webhook("https://other.example/")
    with receiving() as receiver:
        webhook = make_webhook(receiver.url(), wanted=("order.paid",))
        delivery = endpoints.send_test(webhook_id=webhook.pk, by=SYSTEM)

        deliver_events()
        tasks.send_webhooks(webhook.pk)

    assert len(receiver.received) == 1
    assert b'"type":"webhook.tested"' in receiver.received[0].body
    assert list(WebhookDelivery.objects.all()) == [delivery]


def test_a_webhook_that_is_off_hears_nothing(make_webhook):
    webhook = make_webhook()
    endpoints.switch_webhook(webhook_id=webhook.pk, on=False, by=SYSTEM)

    assert deliveries.spread(record()) == 0
    assert not webhook.deliveries.exists()


def test_the_queries_are_the_same_for_many_webhooks(make_webhook, django_assert_num_queries):
    for number in range(24):
        make_webhook(f"https://hooks{number}.example/")
    event = record()

    with django_assert_num_queries(4):  # two of them a savepoint
        assert deliveries.spread(event) == 24


def test_the_sweep_finds_what_a_lost_hint_left(make_webhook, make_delivery, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.send_webhooks, "delay", asked.append)
    idle, busy, off, waiting = (make_webhook(f"https://hooks{number}.example/") for number in range(4))
    endpoints.switch_webhook(webhook_id=off.pk, on=False, by=SYSTEM)
    for webhook in (busy, waiting):
        make_delivery(webhook)
    WebhookDelivery.objects.filter(webhook=idle).delete()
    sending.take(busy.pk)

    tasks.sweep_webhooks()

    assert asked == [waiting.pk]


def test_a_run_that_leaves_some_goes_on_in_a_task_behind_others(monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.send_webhooks, "delay", asked.append)
    monkeypatch.setattr(sending, "send_due", lambda pk: pk == 1)

    tasks.send_webhooks(1)
    tasks.send_webhooks(2)

    assert asked == [1]


def test_the_log_is_forgotten_after_thirty_days(make_webhook, make_delivery, monkeypatch):
    monkeypatch.setattr(deliveries, "FORGET_BATCH", 2)
    webhook = make_webhook()
    old = [make_delivery(webhook) for _ in range(5)]
    for delivery in old:
        WebhookAttempt.objects.create(delivery=delivery, at=timezone.now(), ms=1, status=200)
    WebhookDelivery.objects.update(created_at=timezone.now() - deliveries.DELIVERY_RETENTION - timedelta(seconds=1))
    kept = make_delivery(webhook)

    assert deliveries.forget_old() == 5

    assert list(WebhookDelivery.objects.all()) == [kept]
    assert not WebhookAttempt.objects.exists()
    assert Event.objects.filter(name="order.paid").count() == 6


@pytest.mark.parametrize("reason", [Webhook.Reason.GONE, Webhook.Reason.FAILING])
def test_staff_who_may_switch_it_on_get_a_mail_when_it_switched_itself_off(
    make_webhook, owner, manager, deliver_events, reason
):
    webhook = make_webhook(description="Bookkeeping")
    endpoints.disable(webhook, reason, by=sending.SYSTEM, now=timezone.now())

    deliver_events()

    (letter,) = mail.outbox
    assert letter.to == [owner.email]
    assert letter.subject == "A webhook was switched off: Bookkeeping"
    assert f"/admin/core/webhook/{webhook.pk}/change/" in letter.body
    assert webhook.url not in letter.body


def test_nobody_gets_a_mail_about_what_they_did_themselves(make_webhook, owner, deliver_events):
    webhook = make_webhook()
    endpoints.switch_webhook(webhook_id=webhook.pk, on=False, by=Actor.person(owner))

    deliver_events()

    assert mail.outbox == []
