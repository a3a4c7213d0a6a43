"""Webhooks: kept once, believed never, acted on whatever their order."""

import json
from typing import Any

import pytest
from django.utils import timezone

from core.testing import events_named
from shop import tasks
from shop.models import LedgerEntry, WebhookInbox
from shop.providers import UnknownProvider, sandbox
from shop.providers.base import ForgedWebhook
from shop.providers.sandbox import SIGNATURE_HEADER, ChargeClosed, Outcome, UnknownCharge
from shop.services import inbox
from shop.tests.factories import SYSTEM, place, start
from shop.tests.fakes import FlakySandbox

pytestmark = pytest.mark.usefixtures("sums_hold")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, str], int]]:
    """The webhooks the sandbox sends, instead of the broker: (provider, body, headers, delay in seconds)."""
    posted: list[tuple[str, str, dict[str, str], int]] = []

    def keep(task: str, *arguments: Any, delay: int = 0) -> None:
        if task == "shop.take_webhook":
            posted.append((*arguments, delay))

    monkeypatch.setattr(sandbox, "nudge", keep)
    return posted


def settle(ref: str, outcome: Outcome, commit: Any, **about: Any) -> None:
    with commit(execute=True):
        sandbox.settle(ref=ref, outcome=outcome, **about)


def message(ref: str, event_id: str = "evt-1") -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"id": event_id, "ref": ref}).encode()
    return body, {SIGNATURE_HEADER: sandbox.sign(body)}


def receive(ref: str, event_id: str = "evt-1") -> None:
    body, headers = message(ref, event_id)
    inbox.receive(provider="sandbox", body=body, headers=headers)


def test_a_webhook_pays_the_order(sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    order = place()
    settle(start(order).provider_ref, Outcome.PAY, django_capture_on_commit_callbacks)
    ((provider, body, headers, delay),) = sent
    assert delay == 0

    tasks.take_webhook(provider, body, headers)
    tasks.process_inbox()

    order.refresh_from_db()
    assert order.status == "paid"
    assert WebhookInbox.objects.get().processed_at is not None


def test_a_webhook_that_comes_twice_is_kept_once(sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    order = place()
    settle(start(order).provider_ref, Outcome.PAY, django_capture_on_commit_callbacks, news_after=(0, 5))
    assert [delay for *_message, delay in sent] == [0, 5]

    for provider, body, headers, _delay in sent:
        tasks.take_webhook(provider, body, headers)
        tasks.process_inbox()

    assert WebhookInbox.objects.count() == 1
    assert LedgerEntry.objects.count() == len(events_named("order.paid")) == 1


def test_news_out_of_order_come_to_the_same_end() -> None:
    """The message about the charge as it was comes after it was paid: only the provider's present word counts."""
    order = place()
    attempt = start(order)
    sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.SECOND_STEP)
    sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.PAY, news_after=())

    for event_id in ("evt-2", "evt-1"):
        receive(attempt.provider_ref, event_id)
        assert inbox.process_inbox(by=SYSTEM) == 1

    order.refresh_from_db()
    assert order.status == "paid"
    assert len(events_named("order.paid")) == 1


@pytest.mark.parametrize("signature", ["", "0" * 64, "ü"])
def test_a_forged_message_is_not_kept(signature: str) -> None:
    body, _headers = message("sbx_x")

    with pytest.raises(ForgedWebhook):
        inbox.receive(provider="sandbox", body=body, headers={SIGNATURE_HEADER: signature})

    assert not WebhookInbox.objects.exists()


def test_a_message_to_nobody_is_not_kept() -> None:
    body, headers = message("sbx_x")

    with pytest.raises(UnknownProvider):
        inbox.receive(provider="nobody", body=body, headers=headers)
    with pytest.raises(ForgedWebhook):
        inbox.receive(provider="bank_transfer", body=body, headers=headers)

    assert not WebhookInbox.objects.exists()


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
    sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.PAY, news_after=())
    receive(attempt.provider_ref)
    flaky.silent = {"fetch"}
    assert inbox.process_inbox(by=SYSTEM) == 0

    flaky.silent = set()
    assert inbox.process_inbox(by=SYSTEM) == 1

    order.refresh_from_db()
    assert order.status == "paid"


def test_the_sandbox_decides_once() -> None:
    attempt = start(place())
    sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.DECLINE)

    with pytest.raises(ChargeClosed):
        sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.PAY)
    with pytest.raises(UnknownCharge):
        sandbox.settle(ref="sbx_unknown", outcome=Outcome.PAY)


def test_the_sweep_reads_the_inbox_too() -> None:
    order = place()
    attempt = start(order)
    sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.PAY, now=timezone.now(), news_after=())
    receive(attempt.provider_ref)

    tasks.sync_open_payments()

    order.refresh_from_db()
    assert order.status == "paid"
