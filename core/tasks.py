"""Work outside the request that belongs to no app."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core import events
from core.models import IdempotencyKey
from core.monitoring import vitals

KEEP_IDEMPOTENCY_KEYS = timedelta(hours=24)


@shared_task(name="core.relay_events")
def relay_events() -> None:
    """Dispatch what was committed; runs at once after a commit, and every few seconds in case that hint was lost."""
    while (relayed := events.relay()).events:
        for delivery_id in relayed.deliveries:
            deliver_event.delay(delivery_id)


@shared_task(name="core.sweep_events")
def sweep_events() -> None:
    relay_events()
    for delivery_id in events.overdue():
        deliver_event.delay(delivery_id)


@shared_task(name="core.deliver_event")
def deliver_event(delivery_id: int) -> None:
    events.deliver(delivery_id)


@shared_task(name="core.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEEP_IDEMPOTENCY_KEYS).delete()


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    """Sent by the beat every few seconds, so that both can be seen alive. Kept out of the queue of a dead worker."""
    vitals.seen("worker")
