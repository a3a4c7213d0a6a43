"""Send what was paid for."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Conflict, Invalid
from core.events import services as events
from core.ids import uuid7
from shop.orders import tracking
from shop.orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from shop.orders.services import lifecycle
from shop.stock import services as stock


class NothingToSend(Conflict):
    code = "nothing_to_send"
    message = _("This order has no items to ship.")


class ItemsNotToSend(Conflict):
    code = "pieces_not_to_send"
    message = _("Only %(left)s of %(sku)s can still be shipped.")


class InvalidFulfilment(Invalid):
    code = "invalid_fulfilment"
    message = _("Enter the items in this shipment.")


@transaction.atomic
def fulfil_order(
    *,
    order_id: int,
    by: Actor,
    lines: Mapping[str, int] | None = None,
    carrier: str = "",
    tracking_code: str = "",
    tracking_url: str = "",
    key: str = "",
    now: datetime | None = None,
) -> Fulfilment:
    """Record shipment: take its pieces off the shelf and out of the promises.

    Without a `tracking_url` the link of a well-known carrier is taken. `lines` are pieces by the uid of their order
    line; without, it is all that is left. The same `key` for the same order gives the parcel it made before. Locks
    the order, last the stock levels. Raises Denied, NothingToSend, PiecesNotToSend, InvalidFulfilment,
    stock.NotOnHand. Records order.fulfilled.
    """
    by.require("shop.fulfil_order")
    now = now or timezone.now()
    order = Order.objects.locked().get(pk=order_id)
    uid = uuid7()
    own_key = f"order:{order.uid}:{key}" if key else f"fulfilment:{uid}"
    if key and (made := Fulfilment.objects.filter(idempotency_key=own_key).first()):
        return made
    pieces = _get_items(order, lines)
    made = Fulfilment.objects.create(
        uid=uid,
        order=order,
        carrier=carrier.strip()[:60],
        tracking_code=tracking_code.strip()[:80],
        tracking_url=tracking_url.strip() or tracking.get_tracking_url(carrier, tracking_code.strip()[:80]),
        idempotency_key=own_key,
        at=now,
    )
    FulfilmentLine.objects.bulk_create(
        FulfilmentLine(fulfilment=made, line=line, quantity=quantity) for line, quantity in pieces
    )
    for line, quantity in pieces:
        OrderLine.objects.filter(pk=line.pk).update(quantity_fulfilled=F("quantity_fulfilled") + quantity)
    lifecycle.update_statuses(order, now=now)
    complete = order.status == Order.Status.FULFILLED
    events.record("order.fulfilled", order, by=by, now=now, fulfilment=str(uid), complete=complete)
    stock.consume({line.pk: quantity for line, quantity in pieces}, key=f"fulfilment:{uid}", by=by, now=now)
    return made


def _get_items(order: Order, wanted: Mapping[str, int] | None) -> list[tuple[OrderLine, int]]:
    lines = {str(line.uid): line for line in order.lines.to_send()}
    if order.status not in Order.CONFIRMED or not lines:
        raise NothingToSend
    if wanted is None:
        return [(line, line.to_send) for line in lines.values()]
    pieces = []
    for uid, quantity in wanted.items():
        line = lines.get(uid)
        if line is None or quantity <= 0:
            raise InvalidFulfilment(field="lines")
        if quantity > line.to_send:
            raise ItemsNotToSend(sku=line.sku, left=line.to_send, field="lines")
        pieces.append((line, quantity))
    if not pieces:
        raise InvalidFulfilment(field="lines")
    return pieces
