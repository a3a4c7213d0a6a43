"""Record sales from the shop's events. Nothing else writes these tables, so the sums follow the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from analytics.models import SaleFact, SaleSource


@transaction.atomic
def record_sale(
    *,
    event_uid: UUID,
    kind: SaleFact.Kind,
    order: str,
    at: datetime,
    currency: str,
    amount: int,
    sources: Iterable[Mapping[str, Any]] = (),
) -> SaleFact:
    """Record one event. `sources` are `{kind, id, amount}` of the lines that have a source.

    Amounts are in minor units; the day is that of the site's time zone. The same event again changes nothing.
    """
    fact, made = SaleFact.objects.get_or_create(
        event_uid=event_uid,
        defaults={
            "kind": kind,
            "order": order,
            "at": at,
            "day": timezone.localdate(at, timezone.get_default_timezone()),
            "currency": currency,
            "amount": amount,
        },
    )
    if made:
        owed: dict[tuple[str, str], int] = defaultdict(int)
        for source in sources:
            owed[source["kind"], source["id"]] += source["amount"]
        SaleSource.objects.bulk_create(
            SaleSource(fact=fact, kind=thing, public_id=public_id, amount=part)
            for (thing, public_id), part in owed.items()
        )
    return fact
