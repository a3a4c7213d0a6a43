"""Keeps payments in step with their provider."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core.context import Actor
from shop.payments.providers import sandbox
from shop.payments.services import inbox, payments, refunds

# What providers wrote, word for word, may be about people; what it led to stands in the books.
WEBHOOK_BODY_RETENTION = timedelta(days=30)
MAX_WEBHOOK_RETRIES = 5

PAYMENTS = Actor.system("shop.payments")


@shared_task(name="shop.sync_open_payments")
def sync_open_payments() -> None:
    """Make up for news that got lost: unread webhooks, silent payments, refunds left halfway."""
    inbox.process_inbox(by=PAYMENTS)
    payments.sync_open_payments(by=PAYMENTS)
    refunds.carry_out_open_refunds(by=PAYMENTS)


@shared_task(name="shop.process_inbox")
def process_inbox() -> None:
    inbox.process_inbox(by=PAYMENTS)


@shared_task(
    name="shop.send_sandbox_webhook", autoretry_for=(OSError,), retry_backoff=5, max_retries=MAX_WEBHOOK_RETRIES
)
def send_sandbox_webhook(body: str) -> None:
    """Stands in for the other house; one that finds nobody in tries again some times, as providers do."""
    sandbox.post_webhook(body.encode())


@shared_task(name="shop.forget_provider_messages")
def purge_webhook_bodies() -> None:
    inbox.purge_webhook_bodies(before=timezone.now() - WEBHOOK_BODY_RETENTION)
