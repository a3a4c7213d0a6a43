"""Deletes what is no longer needed: carts, billing addresses."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import JSONField, QuerySet, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import JSONObject
from django.utils import timezone

from shop.cart.models import Cart
from shop.orders.models import Order

# From the end of the year in which an order was placed, which is at most a year after it.
INVOICE_RETENTION: Final = timedelta(days=settings.INVOICE_YEARS * 365 + (settings.INVOICE_YEARS + 2) // 4 + 366)
COUNTRY_ONLY_ADDRESS: Final = JSONObject(country=KeyTransform("country", "billing_address"))


@transaction.atomic
def anonymise_buyer(*, orders: QuerySet[Order], email: str) -> None:
    """Take everything from orders that says who bought, but for the invoice address of those that were paid.

    `email`, which nobody can have, takes the place of theirs. Again is no change. Two statements.
    """
    orders.filter(paid_at__isnull=True).update(billing_address=COUNTRY_ONLY_ADDRESS)
    orders.update(email=email, shipping_address=Value({}, JSONField()), note="")


def purge_invoice_addresses(*, now: datetime | None = None) -> int:
    """Of orders older than KEEP_INVOICES only the country stays, of guests' too; returns how many were changed now."""
    before = (now or timezone.now()) - INVOICE_RETENTION
    old = Order.objects.filter(placed_at__lt=before, billing_address__has_key="name")
    return old.update(billing_address=COUNTRY_ONLY_ADDRESS, shipping_address=Value({}, JSONField()), note="")


def purge_carts(*, before: datetime) -> int:
    """Delete carts nobody touched since then, with the addresses in them; returns how many.

    The cart of an order that waits for its payment stays: the customer may get it back.
    """
    waiting = Order.objects.filter(status=Order.Status.PENDING_PAYMENT, cart__isnull=False)
    stale = Cart.objects.filter(updated_at__lt=before).exclude(pk__in=waiting.values("cart"))
    _total, by_model = stale.delete()
    return by_model.get("shop.Cart", 0)
