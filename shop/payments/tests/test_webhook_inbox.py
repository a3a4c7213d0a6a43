"""Webhooks: kept once, believed never, acted on whatever their order."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.testing import events_named
from shop.payments import tasks
from shop.payments import views as webhooks
from shop.payments.models import LedgerEntry, WebhookInbox
from shop.payments.providers import UnknownProvider, sandbox
from shop.payments.providers.base import InvalidWebhookSignature
from shop.payments.providers.sandbox import SIGNATURE_HEADER, ChargeClosed, Outcome, UnknownCharge
from shop.payments.services import inbox
from shop.tests.factories import SYSTEM, place, start
from shop.tests.fakes import FlakySandbox

pytestmark = pytest.mark.usefixtures("sums_hold")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The webhooks the sandbox sends, instead of the broker: (body, delay in seconds)."""
    posted: list[tuple[str, int]] = []

    def keep(task: str, body: str, *, delay: int = 0) -> None:
        if task == "shop.send_sandbox_webhook":
            posted.append((body, delay))

    monkeypatch.setattr(sandbox, "enqueue_best_effort", keep)
    return posted


def settle(ref: str, outcome: Outcome, commit: Any, **about: Any) -> None:
    with commit(execute=True):
        sandbox.settle_charge(ref=ref, outcome=outcome, **about)


def message(ref: str, event_id: str = "evt-1") -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"id": event_id, "ref": ref}).encode()
    return body, {SIGNATURE_HEADER: sandbox.sign_webhook(body)}


def post(client: Client, body: bytes, *, provider: str = "sandbox", signature: str | None = None) -> Any:
    """Bring a message to the door, signed unless told otherwise."""
    signed = sandbox.sign_webhook(body) if signature is None else signature
    where = reverse("shop:provider_webhook", args=[provider])
    return client.post(where, body, content_type="application/json", headers={SIGNATURE_HEADER: signed})


def receive(ref: str, event_id: str = "evt-1") -> None:
    body, headers = message(ref, event_id)
    inbox.receive_webhook(provider="sandbox", body=body, headers=headers)


def test_a_webhook_pays_the_order(client: Client, sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    order = place()
    settle(start(order).provider_ref, Outcome.PAY, django_capture_on_commit_callbacks)
    ((body, delay),) = sent
    assert delay == 0

    assert post(client, body.encode()).status_code == 200
    tasks.process_inbox()

    order.refresh_from_db()
    row = WebhookInbox.objects.get()
    assert order.status == "paid"
    assert row.processed_at is not None
    assert bytes(row.body) == body.encode()


def test_a_webhook_that_comes_twice_is_kept_once(
    client: Client, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    order = place()
    settle(start(order).provider_ref, Outcome.PAY, django_capture_on_commit_callbacks, webhook_delays=(0, 5))
    assert [delay for _body, delay in sent] == [0, 5]

    for body, _delay in sent:
        assert post(client, body.encode()).status_code == 200
        tasks.process_inbox()

    assert WebhookInbox.objects.count() == 1
    assert LedgerEntry.objects.count() == len(events_named("order.paid")) == 1


def test_news_out_of_order_come_to_the_same_end(client: Client) -> None:
    """The message about the charge as it was comes after it was paid: only the provider's present word counts."""
    order = place()
    attempt = start(order)
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.SECOND_STEP)
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY, webhook_delays=())

    for event_id in ("evt-2", "evt-1"):
        body, _headers = message(attempt.provider_ref, event_id)
        assert post(client, body).status_code == 200
        assert inbox.process_inbox(by=SYSTEM) == 1

    order.refresh_from_db()
    assert order.status == "paid"
    assert len(events_named("order.paid")) == 1


@pytest.mark.parametrize("provider", ["sandbox", "bank_transfer"])
@pytest.mark.parametrize("signature", ["", "0" * 64, "ü"])
def test_a_forged_message_is_refused_at_the_door_and_not_kept(client: Client, provider: str, signature: str) -> None:
    body, _headers = message("sbx_x")

    refused = post(client, body, provider=provider, signature=signature)

    assert (refused.status_code, refused.json()["code"]) == (400, "forged_webhook")
    assert not WebhookInbox.objects.exists()


def test_a_message_signed_for_other_words_is_not_kept(client: Client) -> None:
    body, headers = message("sbx_x")

    refused = post(client, body.replace(b"sbx_x", b"sbx_y"), signature=headers[SIGNATURE_HEADER])

    assert (refused.status_code, refused.json()["code"]) == (400, "forged_webhook")
    assert not WebhookInbox.objects.exists()


@pytest.mark.parametrize("signature", ["", "0" * 64, "ü"])
def test_a_forged_message_is_not_kept(signature: str) -> None:
    body, _headers = message("sbx_x")

    with pytest.raises(InvalidWebhookSignature):
        inbox.receive_webhook(provider="sandbox", body=body, headers={SIGNATURE_HEADER: signature})

    assert not WebhookInbox.objects.exists()


def test_a_message_to_nobody_is_not_kept() -> None:
    body, headers = message("sbx_x")

    with pytest.raises(UnknownProvider):
        inbox.receive_webhook(provider="nobody", body=body, headers=headers)
    with pytest.raises(InvalidWebhookSignature):
        inbox.receive_webhook(provider="bank_transfer", body=body, headers=headers)

    assert not WebhookInbox.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"7", b"{}", b'{"id": 7, "ref": "x"}', b'{"id": "a", "ref": 7}', b'{"id": "", "ref": "x"}',
     b'{"id": "a\\u0000b", "ref": "x"}', json.dumps({"id": "e" * 121, "ref": "x"}).encode()],
)  # fmt: skip
def test_a_signed_message_that_says_nothing_known_is_refused_and_not_kept(client: Client, body: bytes) -> None:
    refused = post(client, body)

    assert (refused.status_code, refused.json()["code"]) == (422, "unreadable_webhook")
    assert not WebhookInbox.objects.exists()


def test_the_door_knows_its_providers_and_takes_posts_only(client: Client) -> None:
    body, _headers = message("sbx_x")

    assert post(client, body, provider="nobody").status_code == 404
    assert client.get(reverse("shop:provider_webhook", args=["sandbox"])).status_code == 405
    assert not WebhookInbox.objects.exists()


@pytest.mark.parametrize(("size", "status"), [(webhooks.MAX_BODY_BYTES, 422), (webhooks.MAX_BODY_BYTES + 1, 413)])
def test_a_message_may_be_so_long_and_no_longer(client: Client, size: int, status: int) -> None:
    refused = post(client, b" " * size)

    assert refused.status_code == status
    assert not WebhookInbox.objects.exists()


def test_who_comes_too_often_is_asked_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOK_RATE", "2/minute")
    bodies = [message("sbx_x", f"evt-{number}")[0] for number in range(3)]

    answers = [post(client, body) for body in bodies]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert WebhookInbox.objects.count() == 2


def test_without_redis_the_door_is_open(client: Client, without_redis: None) -> None:
    assert post(client, message("sbx_x")[0]).status_code == 200
    assert WebhookInbox.objects.count() == 1


def test_a_message_costs_the_same_few_queries_however_many_there_are(
    client: Client, django_assert_num_queries: Any
) -> None:
    for number in range(24):
        receive("sbx_x", f"evt-{number}")

    with django_assert_num_queries(3):  # one, between those of its transaction
        assert post(client, message("sbx_x", "evt-new")[0]).status_code == 200


def test_words_are_forgotten_after_a_month_and_the_message_still_counts_once(client: Client) -> None:
    body, headers = message("sbx_x")
    at = timezone.now() - timedelta(days=31)
    inbox.receive_webhook(provider="sandbox", body=body, headers=headers, now=at)
    receive("sbx_x", "evt-2")

    tasks.purge_webhook_bodies()

    assert post(client, body).status_code == 200
    assert [bytes(row.body) for row in WebhookInbox.objects.order_by("id")] == [b"", message("sbx_x", "evt-2")[0]]


def test_a_message_about_something_unknown_is_tried_some_times_and_then_left_to_staff() -> None:
    receive("sbx_unknown")

    for _ in range(WebhookInbox.MAX_ATTEMPTS + 3):
        assert inbox.process_inbox(by=SYSTEM) == 0

    row = WebhookInbox.objects.get()
    assert (row.attempts, row.processed_at) == (WebhookInbox.MAX_ATTEMPTS, None)
    assert "does not exist" in row.error


def test_a_provider_that_does_not_answer_is_asked_by_the_next_sweep(flaky: FlakySandbox) -> None:
    order = place()
    attempt = start(order)
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY, webhook_delays=())
    receive(attempt.provider_ref)
    flaky.silent = {"fetch"}
    assert inbox.process_inbox(by=SYSTEM) == 0

    flaky.silent = set()
    assert inbox.process_inbox(by=SYSTEM) == 1

    order.refresh_from_db()
    assert order.status == "paid"


def test_the_sandbox_decides_once() -> None:
    attempt = start(place())
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.DECLINE)

    with pytest.raises(ChargeClosed):
        sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY)
    with pytest.raises(UnknownCharge):
        sandbox.settle_charge(ref="sbx_unknown", outcome=Outcome.PAY)


def test_the_sweep_reads_the_inbox_too() -> None:
    order = place()
    attempt = start(order)
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY, now=timezone.now(), webhook_delays=())
    receive(attempt.provider_ref)

    tasks.sync_open_payments()

    order.refresh_from_db()
    assert order.status == "paid"
