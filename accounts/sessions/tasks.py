"""Deletes sessions and devices that are over."""

from celery import shared_task

from accounts.sessions import services as devices


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> None:
    devices.purge_expired()
