"""Deletes billing addresses that are no longer needed."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from shop.orders.services import retention

CART_RETENTION = timedelta(days=90)


@shared_task(name="shop.forget_carts")
def purge_carts() -> None:
    retention.purge_carts(before=timezone.now() - CART_RETENTION)


@shared_task(name="shop.forget_invoice_addresses")
def purge_invoice_addresses() -> None:
    retention.purge_invoice_addresses()
