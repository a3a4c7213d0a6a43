"""Sending what is due: one worker at a time for one webhook, in order, never inside a transaction.

A worker takes a webhook by moving its `next_at` ahead in one conditional UPDATE; until then nobody else sends to it. A
worker that dies loses nothing: when its lease is over another takes the webhook and sends the same delivery again,
under the same webhook-id. A failed attempt leaves the webhook a rest, so a receiver that is down costs little. What is
due is asked of the database's clock only, since workers' clocks differ.
"""

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from core import context
from core.context import Actor
from core.webhooks import signing, transport
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from core.webhooks.services import endpoints
from core.webhooks.transport import Answer

log = structlog.get_logger(__name__)

# After each failure the next attempt waits this long, give or take a tenth: eight attempts in a day.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=8),
    timedelta(hours=8),
)
JITTER = 0.1
# Longer than an attempt can take, a resolver's own patience included.
LEASE = timedelta(minutes=2)
# How long one task goes on before it makes room for others.
RUN_SECONDS = 20.0
SHORTEST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
DISABLE_AFTER = timedelta(days=3)
GONE = 410
SYSTEM = Actor.system("webhooks")


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to send to a webhook until a moment; the moment is also its proof."""

    webhook_id: int
    until: datetime


def waiting_webhooks(*, now: datetime | None = None) -> list[int]:
    """The webhooks for which something is due and to which nobody sends now."""
    return list(Webhook.objects.with_something_due(now or Now()).order_by("next_at").values_list("pk", flat=True))


def send_due(webhook_id: int) -> bool:
    """Send what is due for one webhook, oldest first, until nothing is, one fails, or the run is long enough.

    Returns True when there is more to do at once. Does nothing when another worker sends to this webhook.
    """
    ends = time.monotonic() + RUN_SECONDS
    hold = take(webhook_id)
    while hold and time.monotonic() < ends and (delivery := _next_delivery(webhook_id)):
        if not attempt(delivery, hold):
            return False  # the webhook has its rest
        hold = _renew(hold)
    if hold is None:
        return False
    _release(hold)
    return _next_delivery(webhook_id) is not None


def take(webhook_id: int) -> Hold | None:
    """The right to send to a webhook, for exactly one of those who ask at the same time."""
    free = Webhook.objects.enabled().filter(pk=webhook_id, next_at__lte=Now())
    return _hold(webhook_id, free)


def attempt(delivery: WebhookDelivery, hold: Hold) -> bool:
    """Send a delivery once and write down what came of it. Opens its transaction only after the answer."""
    event, now = delivery.event, timezone.now()
    with context.bind(request_id=event.request_id, source="webhooks"):
        body = signing.body_of(event)
        headers = signing.headers_of(event, delivery.webhook, body, now=now)
        answer = transport.post(delivery.webhook.url, body, headers, own_networks=settings.WEBHOOK_ALLOWED_NETWORKS)
        _note(delivery, answer, hold, at=now, now=timezone.now())
        log.info(
            "webhook_sent",
            webhook=delivery.webhook.public_id,
            event_uid=str(event.uid),
            status=answer.status,
            ms=answer.ms,
        )
    return answer.succeeded


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when there will be no more."""
    if attempts > len(PAUSES):
        return None
    return PAUSES[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  spreads load, guards nothing


def rest_of(failing: timedelta) -> timedelta:
    """How long to leave a receiver alone that has been failing so long: a tenth of it, within bounds."""
    return min(max(failing / 10, SHORTEST_REST), LONGEST_REST)


@transaction.atomic
def _note(delivery: WebhookDelivery, answer: Answer, hold: Hold, *, at: datetime, now: datetime) -> None:
    """Write an attempt down, and what follows for the delivery and its webhook.

    Locks the webhook, then the delivery. A delivery that another worker finished meanwhile keeps its state. Records
    webhook.disabled when the receiver is gone or has failed for too long.
    """
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=delivery.webhook_id).first()
    row = WebhookDelivery.objects.select_for_update().filter(pk=delivery.pk).first()
    if webhook is None or row is None:
        return  # removed while it was sent
    WebhookAttempt.objects.create(
        delivery=row, at=at, ms=answer.ms, status=answer.status, error=answer.error, answer=answer.text
    )
    if row.state == WebhookDelivery.State.WAITING:
        _move(row, answer, now)
    if answer.succeeded:
        _mark_healthy(webhook)
    else:
        _mark_failing(webhook, answer, hold, now)


def _move(row: WebhookDelivery, answer: Answer, now: datetime) -> None:
    row.attempts += 1
    pause = None if answer.succeeded else pause_after(row.attempts)
    if pause is not None:
        row.next_at = Now() + pause
    else:
        row.state = WebhookDelivery.State.DELIVERED if answer.succeeded else WebhookDelivery.State.FAILED
        row.done_at = now
    row.save(update_fields=["attempts", "next_at", "state", "done_at"])


def _mark_healthy(webhook: Webhook) -> None:
    if webhook.failing_since is not None:
        webhook.failing_since = None
        webhook.save(update_fields=["failing_since"])


def _mark_failing(webhook: Webhook, answer: Answer, hold: Hold, now: datetime) -> None:
    webhook.failing_since = webhook.failing_since or now
    failing = now - webhook.failing_since
    if webhook.next_at == hold.until:  # otherwise the hold was lost, and who has it now keeps it
        webhook.next_at = Now() + rest_of(failing)
    webhook.save(update_fields=["failing_since", "next_at"])
    if not webhook.enabled:
        return
    if answer.status == GONE:
        endpoints.disable(webhook, Webhook.Reason.GONE, by=SYSTEM, now=now)
    elif failing >= DISABLE_AFTER:
        endpoints.disable(webhook, Webhook.Reason.FAILING, by=SYSTEM, now=now)


def _next_delivery(webhook_id: int) -> WebhookDelivery | None:
    due = WebhookDelivery.objects.due(Now()).filter(webhook=webhook_id, webhook__disabled_at__isnull=True)
    return due.select_related("event", "webhook").order_by("next_at", "id").first()


def _renew(hold: Hold) -> Hold | None:
    """A longer hold; None when it was lost, or the webhook switched off."""
    mine = Webhook.objects.enabled().filter(pk=hold.webhook_id, next_at=hold.until)
    return _hold(hold.webhook_id, mine)


def _hold(webhook_id: int, claim: QuerySet[Webhook]) -> Hold | None:
    """A hold on the webhook from now on, if the claim matches it at this moment."""
    if not claim.update(next_at=Now() + LEASE):
        return None
    until = Webhook.objects.filter(pk=webhook_id).values_list("next_at", flat=True).first()
    return Hold(webhook_id, until) if until else None


def _release(hold: Hold) -> None:
    Webhook.objects.filter(pk=hold.webhook_id, next_at=hold.until).update(next_at=Now())
