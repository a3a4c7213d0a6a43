"""What providers tell us: kept at once, acted on later.

A webhook's body is only a hint which object to look at. So a message that comes twice is kept once, one that comes
out of order does no harm, and one that never comes is made up for by the sweep that asks.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core.context import Actor
from core.errors import DomainError
from core.task_queue import enqueue_best_effort
from shop.payments import providers
from shop.payments.models import Payment, WebhookInbox
from shop.payments.services import payments

log = structlog.get_logger(__name__)


def receive_webhook(*, provider: str, body: bytes, headers: Mapping[str, str], now: datetime | None = None) -> None:
    """Keep a webhook whose signature is right; one that was kept before changes nothing. Answer 200 after it.

    Raises providers.UnknownProvider, ForgedWebhook and UnreadableWebhook, having kept nothing.
    """
    news = providers.get_provider(provider).read_webhook(body, headers)
    row = WebhookInbox(
        provider=provider,
        event_id=news.event_id,
        payload={"ref": news.ref},
        body=body,
        received_at=now or timezone.now(),
    )
    with transaction.atomic():
        WebhookInbox.objects.bulk_create([row], ignore_conflicts=True)
        transaction.on_commit(partial(enqueue_best_effort, "shop.process_inbox"), robust=True)


def process_inbox(*, by: Actor, now: datetime | None = None, limit: int = 100) -> int:
    """Act on what was kept, oldest first; returns how many messages are done with.

    A message about something unknown, or a provider that does not answer, is tried again by the next sweep, up to
    WebhookInbox.MAX_ATTEMPTS times; then it stays for staff to see.
    """
    done = 0
    for row in WebhookInbox.objects.waiting().order_by("attempts", "id")[:limit]:
        mine = WebhookInbox.objects.filter(pk=row.pk, processed_at__isnull=True, attempts=row.attempts)
        if mine.update(attempts=F("attempts") + 1):
            done += _act_on(row, by=by, now=now)
    return done


def purge_webhook_bodies(*, before: datetime) -> int:
    """Take the words from messages older than that; their ids stay, so that none counts twice. Returns how many."""
    return WebhookInbox.objects.filter(received_at__lt=before).exclude(body=b"").update(body=b"")


def _act_on(row: WebhookInbox, *, by: Actor, now: datetime | None) -> bool:
    kept = WebhookInbox.objects.filter(pk=row.pk)
    try:
        found = Payment.objects.get(provider=row.provider, provider_ref=row.payload["ref"])
        payments.sync_payment(payment_id=found.pk, by=by, now=now)
    except (DomainError, Payment.DoesNotExist) as failure:
        kept.update(error=str(failure)[:300])
        log.warning("webhook_not_processed", provider=row.provider, event_id=row.event_id, error=str(failure))
        return False
    except Exception as failure:
        kept.update(error=repr(failure)[:300])
        log.exception("webhook_not_processed", provider=row.provider, event_id=row.event_id)
        return False
    kept.update(processed_at=now or timezone.now(), error="")
    return True
