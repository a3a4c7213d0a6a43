"""The worker's part: send at once what was just made, look now and then for what is due, forget what is old."""

from celery import shared_task

from core.webhooks import sending
from core.webhooks.services import deliveries


@shared_task(name="core.send_webhooks")
def send_webhooks(webhook_id: int) -> None:
    """Send what is due for one webhook; when that takes long, go on in a task that queues behind others."""
    if sending.send_due(webhook_id):
        send_webhooks.delay(webhook_id)


@shared_task(name="core.sweep_webhooks")
def sweep_webhooks() -> None:
    """Find retries that are due, and what a lost hint or a dead worker left."""
    for webhook_id in sending.waiting_webhooks():
        send_webhooks.delay(webhook_id)


@shared_task(name="core.forget_webhook_deliveries")
def forget_webhook_deliveries() -> None:
    deliveries.forget_old()
