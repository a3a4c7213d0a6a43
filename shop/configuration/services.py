"""Keep what the shop is set up with: categories, options, delivery, warehouses.

Each is a row or two without effects elsewhere. They go through one place all the same, so that every change is in the
event log with who made it.
"""

from datetime import datetime
from typing import TypeVar

from django.db import transaction

from core.context import Actor
from core.events import services as events
from shop.catalogue.models import Category, Option
from shop.shipping.models import ShippingMethod
from shop.stock.models import Warehouse

Configured = Category | Option | ShippingMethod | Warehouse

Row = TypeVar("Row", Category, Option, ShippingMethod, Warehouse)


@transaction.atomic
def delete(row: Configured, *, by: Actor, now: datetime | None = None) -> None:
    """Delete a row that nothing refers to. Raises Denied, ProtectedError. Records category.deleted and the like."""
    by.require(f"shop.delete_{row._meta.model_name}")  # noqa: SLF001  Django's documented API
    events.record(f"{row.public_kind}.deleted", row, by=by, now=now)
    row.delete()


@transaction.atomic
def _save(row: Row, by: Actor, now: datetime | None) -> Row:
    is_new = row.pk is None
    by.require(f"shop.{'add' if is_new else 'change'}_{row._meta.model_name}")  # noqa: SLF001  Django's documented API
    row.save()
    events.record(f"{row.public_kind}.saved", row, by=by, now=now, is_new=is_new)
    return row
