"""Deletes billing addresses that are no longer needed."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from shop.orders.services import retention

KEEP_CARTS = timedelta(days=90)


@shared_task(name="shop.forget_carts")
def forget_carts() -> None:
    retention.forget_carts(before=timezone.now() - KEEP_CARTS)


@shared_task(name="shop.forget_invoice_addresses")
def forget_invoice_addresses() -> None:
    retention.forget_invoice_addresses()
