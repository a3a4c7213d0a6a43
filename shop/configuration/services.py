"""Save and delete categories, options, delivery methods and warehouses.

These are rows without effects elsewhere. They are saved here so that every change is in the event log.
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
    """Delete a row without references to it. Raises Denied, ProtectedError. Records {kind}.deleted."""
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
