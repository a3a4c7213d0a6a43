"""What accounts do by the clock."""

from celery import shared_task

from accounts.services import devices


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> None:
    devices.forget_old()
