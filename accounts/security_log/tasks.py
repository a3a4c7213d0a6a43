"""Deletes the network and device of old events."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from core.events import services as events


@shared_task(name="accounts.forget_origins")
def forget_origins() -> None:
    """Delete origins of events after ORIGIN_DAYS."""
    events.forget_origins(before=timezone.now() - timedelta(days=settings.ORIGIN_DAYS))
