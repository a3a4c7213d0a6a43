"""Keep what the shop is set up with: categories, options, delivery, warehouses.

Each is a row or two without effects elsewhere. They go through one place all the same, so that every change is in the
event log with who made it.
"""

from datetime import datetime
from typing import TypeVar, cast

from django.db import transaction
from django.db.models import Model

from core.context import Actor
from core.events import services as events

RowType = TypeVar("RowType", bound=Model)


@transaction.atomic
def delete_row(row: Model, *, by: Actor, now: datetime | None = None) -> None:
    """Delete a row that nothing refers to. Raises Denied, ProtectedError. Records category.deleted and the like."""
    by.require(f"shop.delete_{row._meta.model_name}")  # noqa: SLF001  Django's documented API
    subject = cast("events.Subject", row)
    events.record(f"{subject.public_kind}.deleted", subject, by=by, now=now)
    row.delete()


@transaction.atomic
def save_row(row: RowType, by: Actor, now: datetime | None) -> RowType:
    is_new = row.pk is None
    by.require(f"shop.{'add' if is_new else 'change'}_{row._meta.model_name}")  # noqa: SLF001  Django's documented API
    row.save()
    subject = cast("events.Subject", row)
    events.record(f"{subject.public_kind}.saved", subject, by=by, now=now, is_new=is_new)
    return row
