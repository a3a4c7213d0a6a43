"""What happened to an order and what comes next, in words for its buyer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.models import Event
from core.money import Money
from core.templatetags.ui import money
from shop.models import Order

HAPPENED = {
    "order.placed": (gettext_lazy("Ordered"), "done"),
    "payment.declined": (gettext_lazy("Payment declined"), "failed"),
    "order.paid": (gettext_lazy("Paid"), "done"),
    "order.fulfilled": (gettext_lazy("Sent"), "done"),
    "order.refund_requested": (gettext_lazy("Refund on its way"), "done"),
    "order.refunded": (gettext_lazy("Refunded"), "done"),
    "order.expired": (gettext_lazy("Not paid in time"), "failed"),
    "order.cancelled": (gettext_lazy("Cancelled"), "failed"),
    "payment.returned": (gettext_lazy("Money sent back"), "done"),
}
COMES = {
    Order.Status.PENDING_PAYMENT: gettext_lazy("Waiting for the payment"),
    Order.Status.PAID: gettext_lazy("We are packing it"),
    Order.Status.PARTLY_FULFILLED: gettext_lazy("We are packing the rest"),
}
WITH_AMOUNT = frozenset({"order.refunded", "payment.returned", "order.refund_requested"})


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the timeline, as the component draws it."""

    label: str
    at: datetime | None
    state: str
    note: str = ""


def timeline(order: Order, happened: list[Event]) -> list[Step]:
    """The steps that were, oldest first, and the one that is next."""
    steps = list(_past(order, happened))
    status = Order.Status(order.status)
    if status in COMES:
        steps.append(Step(str(COMES[status]), None, "now"))
    return steps


def _past(order: Order, happened: list[Event]) -> Iterator[Step]:
    finished = {
        event.data.get("refund") for event in happened if event.name in ("order.refunded", "order.refund_failed")
    }
    for event in happened:
        if event.name not in HAPPENED or _is_settled(event, finished):
            continue
        words, state = HAPPENED[event.name]
        in_part = event.name == "order.fulfilled" and not event.data.get("complete", True)
        yield Step(_("Sent in part") if in_part else str(words), event.at, state, _note(order, event.name, event.data))


def _is_settled(event: Event, finished: set[Any]) -> bool:
    """A refund that was asked for is worth telling until it is done; money that came twice is told once, at the end."""
    surplus = event.data.get("cause") == "surplus"
    return event.name == "order.refund_requested" and (surplus or event.data.get("refund") in finished)


def _note(order: Order, name: str, data: dict[str, Any]) -> str:
    if name in WITH_AMOUNT:
        return money(Money(data["amount"], order.currency))
    return ""
