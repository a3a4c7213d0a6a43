"""Records sales from events."""

from analytics import services
from analytics.models import SaleFact
from core.events import services as events
from core.events.models import Event

KINDS = {"order.paid": SaleFact.Kind.PAID, "order.refunded": SaleFact.Kind.REFUNDED}


@events.on(*KINDS)
def keep_sale(event: Event) -> None:
    services.record_sale(
        event_uid=event.uid,
        kind=KINDS[event.name],
        order=event.subject_id,
        at=event.at,
        currency=event.data["currency"],
        amount=event.data["amount"],
        sources=event.data.get("sources", ()),
    )
