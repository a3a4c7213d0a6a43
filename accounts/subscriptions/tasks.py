"""Sends and deletes notifications."""

from celery import shared_task

from accounts.subscriptions.services import notifications


@shared_task(name="accounts.send_letters")
def send_letters() -> None:
    """Send due notifications; continue in another task when the time is up."""
    if notifications.send_due():
        send_letters.delay()


@shared_task(name="accounts.forget_letters")
def forget_letters() -> None:
    notifications.purge_expired()
