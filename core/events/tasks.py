"""Work outside the request that belongs to no app."""

from celery import shared_task

from core.events import services as events


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
