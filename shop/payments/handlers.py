"""Sends refunds to the provider."""

from core.context import Actor
from core.events import services as events
from core.events.models import Event
from shop.payments.models import Refund
from shop.payments.services import refunds

PAYMENTS = Actor.system("shop.payments")


@events.on("order.refund_requested", outside=True)
def carry_out_refund(event: Event, key: str) -> None:
    """The refund has its own key at the provider, so a second attempt of this handler pays nothing twice."""
    asked = Refund.objects.get(uid=event.data["refund"])
    refunds.carry_out_refund(refund_id=asked.pk, by=PAYMENTS)
