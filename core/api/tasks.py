"""Deletes idempotency keys that have expired."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core.api.models import IdempotencyKey

IDEMPOTENCY_KEY_RETENTION = timedelta(hours=24)


@shared_task(name="core.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - IDEMPOTENCY_KEY_RETENTION).delete()
