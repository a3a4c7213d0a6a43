"""What is due reaches a real receiver, signed; what goes wrong is written down and tried again."""

import json
import socket
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier

from core import context
from core.context import Actor
from core.testing import events_named, no_event
from core.webhooks import sending, transport
from core.webhooks.models import Webhook, WebhookDelivery
from core.webhooks.services import endpoints
from core.webhooks.tests.receiver import break_off, drip, late, receiving, status

SYSTEM = Actor.system("test")
State = WebhookDelivery.State


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Shorter waits for tests."""
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.5)


def try_once(delivery):
    """Send what is due and give the attempt and the delivery as they are afterwards."""
    sending.send_due(delivery.webhook_id)
    delivery.refresh_from_db()
    return delivery.tries.get()


def test_an_event_arrives_signed_and_is_delivered(make_webhook, make_delivery):
    with receiving() as receiver, context.bind(request_id="request-1234"):
        webhook = make_webhook(receiver.url(path="/hooks?shop=1"))
        delivery = make_delivery(webhook, amount=1250, currency="EUR")

        made = try_once(delivery)

    (came,) = receiver.received
    assert came.path == "/hooks?shop=1"
    assert Verifier(webhook.known_secret).verify(came.body, came.headers) == {
        "type": "order.paid",
        "timestamp": delivery.event.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "subject": {"kind": "order", "id": "A1"},
            "actor": {"kind": "system", "id": "test"},
            "details": {"amount": 1250, "currency": "EUR"},
        },
    }
    assert came.headers["webhook-id"] == str(delivery.event.uid)
    assert came.headers["content-type"] == "application/json"
    assert came.headers["x-request-id"] == "request-1234"
    assert came.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert came.headers["user-agent"].startswith("Agora-Webhooks/1 ")
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 1)
    assert (made.status, made.answer, made.error) == (200, "thanks", "")


def test_after_a_rotation_both_secrets_verify_and_a_day_later_only_the_new_one(make_webhook, make_delivery):
    with receiving() as receiver:
        webhook = make_webhook(receiver.url())
        fresh = endpoints.rotate_secret(webhook_id=webhook.pk, by=SYSTEM).secret
        make_delivery(webhook)
        sending.send_due(webhook.pk)
        Webhook.objects.update(former_until=timezone.now())
        make_delivery(webhook)
        sending.send_due(webhook.pk)

    within, after = receiver.received
    for secret in (webhook.known_secret, fresh):
        assert Verifier(secret).verify(within.body, within.headers)["type"] == "order.paid"
    assert len(within.headers["webhook-signature"].split()) == 2
    assert len(after.headers["webhook-signature"].split()) == 1
    assert Verifier(fresh).verify(after.body, after.headers)["type"] == "order.paid"


def test_each_attempt_carries_the_same_id_and_the_same_body(make_webhook, make_delivery):
    with receiving(status(500, b"oops")) as receiver:
        webhook = make_webhook(receiver.url())
        make_delivery(webhook, text="ä", amount=1)
        for _ in range(3):
            sending.send_due(webhook.pk)
            Webhook.objects.update(next_at=timezone.now())
            WebhookDelivery.objects.update(next_at=timezone.now())

    first, second, third = receiver.received
    assert first.body == second.body == third.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == third.headers["webhook-id"]
    assert json.loads(first.body)["data"]["details"] == {"text": "ä", "amount": 1}


@pytest.mark.parametrize("code", [400, 404, 500, 503])
def test_an_answer_that_is_no_success_is_tried_again_later(make_webhook, make_delivery, code):
    with receiving(status(code, b"oops")) as receiver:
        delivery = make_delivery(make_webhook(receiver.url()))

        made = try_once(delivery)

    assert (delivery.state, delivery.attempts) == (State.WAITING, 1)
    assert timedelta(seconds=4) < delivery.next_at - timezone.now() < timedelta(seconds=6)
    assert (made.status, made.answer) == (code, "oops")
    assert Webhook.objects.get().failing_since is not None


def test_a_redirect_is_not_followed(make_webhook, make_delivery):
    with receiving() as elsewhere, receiving(status(302, location=elsewhere.url())) as receiver:
        delivery = make_delivery(make_webhook(receiver.url()))

        made = try_once(delivery)

    assert made.status == 302
    assert delivery.state == State.WAITING
    assert elsewhere.received == []


@pytest.mark.parametrize("say", [late(1.6), drip(1.6)], ids=["silent", "dripping"])
def test_a_receiver_that_takes_too_long_is_left(make_webhook, make_delivery, say):
    with receiving(say) as receiver:
        delivery = make_delivery(make_webhook(receiver.url()))
        started = time.monotonic()

        made = try_once(delivery)
        took = time.monotonic() - started

    assert took < 1.4
    assert (made.status, made.error) == (None, "The receiver took too long.")
    assert delivery.state == State.WAITING


def test_a_receiver_that_hangs_up_is_tried_again(make_webhook, make_delivery):
    with receiving(break_off) as receiver:
        made = try_once(make_delivery(make_webhook(receiver.url())))

    assert made.error == "The connection broke: RemoteDisconnected"


def test_a_receiver_that_is_down_is_tried_again(make_webhook, make_delivery):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        made = try_once(make_delivery(make_webhook(f"http://127.0.0.1:{taken.getsockname()[1]}/")))

    assert made.error == "The receiver refused the connection."


def test_of_a_long_answer_only_the_beginning_is_read_and_kept(make_webhook, make_delivery):
    with receiving(status(200, b"\x00x" * 500_000)) as receiver:
        made = try_once(make_delivery(make_webhook(receiver.url())))

    assert (made.status, made.answer) == (200, "x" * 512)


def test_nothing_is_sent_to_an_address_inside_the_house(make_webhook, make_delivery, settings):
    with receiving() as receiver:
        delivery = make_delivery(make_webhook(receiver.url()))
        settings.WEBHOOK_ALLOWED_NETWORKS = []

        made = try_once(delivery)

    assert receiver.received == []
    assert made.error.startswith("This address cannot be reached from outside")


def test_proxies_of_the_environment_are_not_asked(make_webhook, make_delivery, monkeypatch):
    with receiving() as receiver, receiving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        monkeypatch.setenv("http_proxy", proxy.url())

        try_once(make_delivery(make_webhook(receiver.url())))

    assert len(receiver.received) == 1
    assert proxy.received == []


def test_eight_attempts_in_a_day_then_the_delivery_has_failed(make_webhook, make_delivery):
    with receiving(status(500)) as receiver:
        delivery = make_delivery(make_webhook(receiver.url()))
        waits = []
        while delivery.state == State.WAITING:
            Webhook.objects.update(next_at=timezone.now())
            WebhookDelivery.objects.update(next_at=timezone.now())
            sending.send_due(delivery.webhook_id)
            delivery.refresh_from_db()
            waits.append(delivery.next_at - timezone.now())

    assert len(receiver.received) == 8
    assert (delivery.state, delivery.attempts) == (State.FAILED, 8)
    assert timedelta(hours=21) < sum(waits[:-1], timedelta()) < timedelta(hours=26)


def test_the_pauses_are_a_day_in_all_and_never_quite_the_same():
    assert sum(sending.PAUSES, timedelta()) == timedelta(hours=23, minutes=35, seconds=5)
    assert sending.pause_after(8) is None
    pauses = {sending.pause_after(4) for _ in range(50)}
    assert len(pauses) > 40
    assert all(timedelta(hours=1.8) <= pause <= timedelta(hours=2.2) for pause in pauses)


def test_several_are_sent_in_the_order_in_which_they_happened(make_webhook, make_delivery):
    with receiving() as receiver:
        webhook = make_webhook(receiver.url())
        for number in range(5):
            make_delivery(webhook, number=number)

        more = sending.send_due(webhook.pk)

    assert [json.loads(came.body)["data"]["details"]["number"] for came in receiver.received] == [0, 1, 2, 3, 4]
    assert more is False
    assert WebhookDelivery.objects.filter(state=State.DELIVERED).count() == 5


def test_a_long_run_makes_room_for_others_and_says_that_there_is_more(make_webhook, make_delivery, monkeypatch):
    clock = iter([0.0, 1.0, sending.RUN_SECONDS - 1, sending.RUN_SECONDS + 1])
    with receiving() as receiver:
        webhook = make_webhook(receiver.url())
        for _ in range(4):
            make_delivery(webhook)
        monkeypatch.setattr(sending, "time", SimpleNamespace(monotonic=clock.__next__))

        more = sending.send_due(webhook.pk)

    assert more is True
    assert len(receiver.received) == 2


def test_after_a_failure_the_receiver_has_a_rest_and_the_others_wait_with_it(make_webhook, make_delivery):
    with receiving(status(500)) as receiver:
        webhook = make_webhook(receiver.url())
        for _ in range(3):
            make_delivery(webhook)

        assert sending.send_due(webhook.pk) is False
        assert sending.send_due(webhook.pk) is False

    assert len(receiver.received) == 1
    assert sending.waiting_webhooks() == []
    assert sending.waiting_webhooks(now=timezone.now() + timedelta(seconds=6)) == [webhook.pk]


@pytest.mark.parametrize(
    ("failing", "rest"),
    [(timedelta(), 5), (timedelta(minutes=10), 60), (timedelta(days=2), 300)],
)
def test_the_longer_a_receiver_fails_the_longer_it_rests(failing, rest):
    assert sending.rest_of(failing) == timedelta(seconds=rest)


def test_a_success_ends_the_failing(make_webhook, make_delivery):
    with receiving(status(204, b"")) as receiver:
        webhook = make_webhook(receiver.url())
        Webhook.objects.update(failing_since=timezone.now() - timedelta(days=9))

        try_once(make_delivery(webhook))

    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.enabled) == (None, True)


def test_a_receiver_that_fails_for_three_days_is_switched_off(make_webhook, make_delivery):
    with receiving(status(500)) as receiver:
        webhook = make_webhook(receiver.url())
        Webhook.objects.update(failing_since=timezone.now() - sending.DISABLE_AFTER)

        try_once(make_delivery(webhook))
        sending.send_due(webhook.pk)

    webhook.refresh_from_db()
    (told,) = events_named("webhook.disabled")
    assert (webhook.enabled, webhook.disabled_reason) == (False, "failing")
    assert (told.subject_id, told.data) == (webhook.public_id, {"reason": "failing"})
    assert len(receiver.received) == 1


def test_a_receiver_that_fails_for_less_is_not(make_webhook, make_delivery):
    with receiving(status(500)) as receiver:
        webhook = make_webhook(receiver.url())
        Webhook.objects.update(failing_since=timezone.now() - sending.DISABLE_AFTER + timedelta(minutes=1))

        try_once(make_delivery(webhook))

    webhook.refresh_from_db()
    assert webhook.enabled
    assert no_event("webhook.disabled")


def test_a_receiver_that_is_gone_is_switched_off_at_once(make_webhook, make_delivery):
    with receiving(status(410)) as receiver:
        webhook = make_webhook(receiver.url())

        try_once(make_delivery(webhook))

    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.disabled_reason) == (False, "gone")


def test_nothing_is_sent_to_a_webhook_that_is_off_and_what_waited_goes_when_it_is_on(make_webhook, make_delivery):
    with receiving() as receiver:
        webhook = make_webhook(receiver.url())
        make_delivery(webhook)
        endpoints.switch_webhook(webhook_id=webhook.pk, on=False, by=SYSTEM)
        sending.send_due(webhook.pk)
        assert receiver.received == []

        endpoints.switch_webhook(webhook_id=webhook.pk, on=True, by=SYSTEM)
        sending.send_due(webhook.pk)

    assert len(receiver.received) == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_the_receiver_thinks(make_webhook, make_delivery):
    def look(request):
        with transaction.atomic():
            seen.append(len(WebhookDelivery.objects.select_for_update(nowait=True).select_related("webhook")))
        connection.close()
        status(200)(request)

    seen = []
    with receiving(look) as receiver:
        delivery = make_delivery(make_webhook(receiver.url()))

        try_once(delivery)

    assert seen == [1]
    assert delivery.state == State.DELIVERED
