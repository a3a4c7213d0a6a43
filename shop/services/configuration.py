"""Keep what the shop is set up with: categories, options, delivery, warehouses.

Each is a row or two without effects elsewhere. They go through one place all the same, so that every change is in the
event log with who made it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Invalid
from core.events import services as events
from shop.models import Category, Option, OptionValue, ShippingMethod, Warehouse

Configured = Category | Option | ShippingMethod | Warehouse

Row = TypeVar("Row", Category, Option, ShippingMethod, Warehouse)

# Pages of the shop that a category of the same name could never be seen behind.
RESERVED_SLUGS = frozenset({"addresses", "cart", "checkout", "orders", "p", "sandbox"})


class ReservedSlug(Invalid):
    code = "reserved_slug"
    message = _("A page of the shop has this address.")


def save_category(*, category: Category, by: Actor, now: datetime | None = None) -> Category:
    """Save a new or changed category. Raises Denied, ReservedSlug. Records category.saved."""
    if category.slug in RESERVED_SLUGS:
        raise ReservedSlug(field="slug")
    return _save(category, by, now)


@transaction.atomic
def save_option(
    *,
    option: Option,
    values: Iterable[OptionValue] = (),
    removed: Iterable[OptionValue] = (),
    by: Actor,
    now: datetime | None = None,
) -> Option:
    """Save an option with new, changed and removed values of it. Raises Denied. Records option.saved."""
    _save(option, by, now)
    for value in removed:
        value.delete()
    for value in values:
        value.option = option
        value.save()
    return option


def save_shipping_method(*, method: ShippingMethod, by: Actor, now: datetime | None = None) -> ShippingMethod:
    """Save a new or changed way of delivery. Raises Denied. Records shipping_method.saved."""
    return _save(method, by, now)


def save_warehouse(*, warehouse: Warehouse, by: Actor, now: datetime | None = None) -> Warehouse:
    """Save a new or changed warehouse. Raises Denied. Records warehouse.saved."""
    return _save(warehouse, by, now)


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
