"""Work outside the request. Every task may run twice or be killed at any point: the rows know where it stands."""

from collections.abc import Mapping
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core.context import Actor
from shop.services import cart, inbox, orders, payment, refund, retention

KEEP_CARTS = timedelta(days=90)

PAYMENTS = Actor.system("shop.payments")
SWEEP = Actor.system("shop.sweep")


@shared_task(name="shop.expire_orders")
def expire_orders() -> None:
    orders.expire_orders(by=SWEEP)


@shared_task(name="shop.sync_open_payments")
def sync_open_payments() -> None:
    """Make up for news that got lost: unread webhooks, silent payments, refunds left halfway."""
    inbox.process_inbox(by=PAYMENTS)
    payment.sync_open_payments(by=PAYMENTS)
    refund.carry_out_open_refunds(by=PAYMENTS)


@shared_task(name="shop.process_inbox")
def process_inbox() -> None:
    inbox.process_inbox(by=PAYMENTS)


@shared_task(name="shop.take_webhook")
def take_webhook(provider: str, body: str, headers: Mapping[str, str]) -> None:
    """Stands in for the web server where a provider of our own house sends its webhooks."""
    inbox.receive(provider=provider, body=body.encode(), headers=headers)


@shared_task(name="shop.forget_carts")
def forget_carts() -> None:
    cart.forget_carts(before=timezone.now() - KEEP_CARTS)


@shared_task(name="shop.forget_invoice_addresses")
def forget_invoice_addresses() -> None:
    retention.forget_invoice_addresses()
