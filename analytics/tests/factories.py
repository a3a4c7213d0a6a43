"""Sales for tests."""

from datetime import datetime

from django.utils import timezone

from analytics import services
from analytics.models import SaleFact
from core.ids import uuid7

_numbers = iter(range(1000, 10**9))


def sale(
    amount: int,
    *,
    at: datetime | None = None,
    currency: str = "EUR",
    kind: SaleFact.Kind = SaleFact.Kind.PAID,
    post: str = "",
    part: int | None = None,
) -> SaleFact:
    """One sale or refund in minor units, owed as a whole or in part to a post if one is named."""
    sources = [{"kind": "post", "id": post, "amount": amount if part is None else part}] if post else []
    return services.record_sale(
        event_uid=uuid7(),
        kind=kind,
        order=f"A-{next(_numbers)}",
        at=at or timezone.now(),
        currency=currency,
        amount=amount,
        sources=sources,
    )


def refund(amount: int, **given: object) -> SaleFact:
    return sale(amount, kind=SaleFact.Kind.REFUNDED, **given)
