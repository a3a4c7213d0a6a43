"""What accounts do by the clock."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.services import closing, devices, exports
from core.events import services as events


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> None:
    devices.forget_old()


@shared_task(name="accounts.forget_exports")
def forget_exports() -> None:
    exports.forget_old()


@shared_task(name="accounts.erase_people")
def erase_people() -> None:
    """Those whose grace is over; whoever's is nearly over is told."""
    closing.remind()
    closing.erase_due()
    closing.forget_addresses()


@shared_task(name="accounts.forget_origins")
def forget_origins() -> None:
    """From where an event came is kept for ORIGIN_DAYS."""
    events.forget_origins(before=timezone.now() - timedelta(days=settings.ORIGIN_DAYS))
