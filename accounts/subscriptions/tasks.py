"""The worker's part: letters go out in handfuls."""

from celery import shared_task

from accounts.subscriptions.services import notifications


@shared_task(name="accounts.send_letters")
def send_letters() -> None:
    """Send what waits; when that takes long, go on in a task that queues behind others."""
    if notifications.send_due():
        send_letters.delay()


@shared_task(name="accounts.forget_letters")
def forget_letters() -> None:
    notifications.purge_expired()
