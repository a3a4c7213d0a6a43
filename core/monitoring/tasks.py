"""Writes a heartbeat, so that a dead scheduler is noticed."""

from celery import shared_task

from core.monitoring import health_metrics


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    """Sent by the beat every few seconds, so that both can be seen alive. Kept out of the queue of a dead worker."""
    health_metrics.seen("worker")
