"""What happened to an order and what comes next, in words for its buyer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.impersonation.queries import ImpersonationNames
from core.events.models import Event
from core.money import Money
from core.templatetags.ui import money
from shop.orders.models import Order
from shop.payments.models import Payment

EVENT_LABELS = {
    "order.placed": (gettext_lazy("Order placed"), "done"),
    "payment.declined": (gettext_lazy("Payment declined"), "failed"),
    "payment.partly_received": (gettext_lazy("Part of the transfer received"), "done"),
    "order.paid": (gettext_lazy("Paid"), "done"),
    "order.fulfilled": (gettext_lazy("Shipped"), "done"),
    "order.refund_requested": (gettext_lazy("Refund requested"), "done"),
    "order.refunded": (gettext_lazy("Refunded"), "done"),
    "order.expired": (gettext_lazy("Expired: not paid in time"), "failed"),
    "order.cancelled": (gettext_lazy("Cancelled"), "failed"),
    "payment.returned": (gettext_lazy("Payment returned"), "done"),
}
NEXT_STEPS = {
    Order.Status.PENDING_PAYMENT: gettext_lazy("Awaiting payment"),
    Order.Status.PAID: gettext_lazy("Preparing your order"),
    Order.Status.PARTLY_FULFILLED: gettext_lazy("Preparing the remaining items"),
}
HEADLINES = {
    Order.Status.PENDING_PAYMENT: gettext_lazy("Awaiting payment"),
    Order.Status.PAID: gettext_lazy("Thank you. We are preparing your order"),
    Order.Status.PARTLY_FULFILLED: gettext_lazy("Part of your order has been shipped"),
}
IN_TRANSIT = timedelta(days=12)  # after which a parcel is no longer said to be on its way
EVENTS_WITH_AMOUNT = frozenset(
    {"payment.partly_received", "order.refunded", "payment.returned", "order.refund_requested"}
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the timeline, as the component draws it. `by` tells of an act of staff in the buyer's name."""

    label: str
    at: datetime | None
    state: str
    note: str = ""
    by: str = ""


def get_headline(order: Order, *, is_declined: bool, transfer: Payment | None, sent_at: datetime | None = None) -> str:
    """How an order stands, for its buyer, in one line; `sent_at` is when its last parcel left."""
    if is_declined:
        return _("Payment failed")
    if transfer is not None:
        is_in_part = order.payment_status == Order.PaymentStatus.PARTLY_PAID
        return (
            _("Part of your transfer has arrived") if is_in_part else _("Thank you. We are waiting for your transfer")
        )
    if order.status == Order.Status.FULFILLED and order.is_partly_sent:
        return _("Partly shipped, the rest cancelled")
    if order.is_refunded and order.status in Order.CONFIRMED:
        return _("Refunded")
    if order.status == Order.Status.FULFILLED:
        return _get_sent_label(order, sent_at)
    words = HEADLINES.get(Order.Status(order.status)) or capfirst(get_status_label(order))
    return str(words)


def _get_sent_label(order: Order, sent_at: datetime | None) -> str:
    if order.shipping_method is not None and order.shipping_method.is_pick_up:
        return _("Collected")
    if sent_at is None or timezone.now() - sent_at < IN_TRANSIT:
        return _("On its way")
    return _("Shipped on %(date)s") % {"date": date_format(timezone.localtime(sent_at), "DATE_FORMAT")}


def get_status_label(order: Order) -> str:
    """The state of an order in lists: its status, and what that leaves out of the money and the pieces."""
    more = []
    if order.status == Order.Status.REFUNDED and order.is_partly_sent:
        more.append(order.get_fulfilment_status_display())
    elif order.status == Order.Status.FULFILLED and order.is_partly_sent:
        more.append(_("the rest cancelled"))
    in_part = (Order.PaymentStatus.PARTLY_PAID, Order.PaymentStatus.PARTLY_REFUNDED)
    is_told = order.payment_status in in_part or (order.is_refunded and order.status != Order.Status.REFUNDED)
    if is_told:
        more.append(order.get_payment_status_display())
    return ", ".join([order.get_status_display(), *more])


def build_timeline(order: Order, happened: Sequence[Event], in_names: Mapping[int, ImpersonationNames]) -> list[Step]:
    """The steps that were, oldest first, and the one that is next.

    `in_names` are the acts in another's name, as accounts.impersonation.queries.get_impersonation_names gives them.
    """
    steps = list(_get_past_steps(order, happened, in_names))
    status = Order.Status(order.status)
    if status in NEXT_STEPS:
        steps.append(Step(str(NEXT_STEPS[status]), None, "now"))
    return steps


def filter_buyer_events(happened: Sequence[Event]) -> list[Event]:
    """Those of an order's events that its buyer is told of."""
    return [event for event in happened if event.name in EVENT_LABELS]


def _get_past_steps(
    order: Order, happened: Sequence[Event], in_names: Mapping[int, ImpersonationNames]
) -> Iterator[Step]:
    finished = {
        event.data.get("refund") for event in happened if event.name in ("order.refunded", "order.refund_failed")
    }
    for event in filter_buyer_events(happened):
        if _is_settled(event, finished):
            continue
        words, state = EVENT_LABELS[event.name]
        in_part = event.name == "order.fulfilled" and not event.data.get("complete", True)
        yield Step(
            label=_("Partly shipped") if in_part else str(words),
            at=event.at,
            state=state,
            note=_get_note(order, event.name, event.data),
            by=str(in_names.get(event.pk, "")),
        )


def _is_settled(event: Event, finished: set[Any]) -> bool:
    """A refund that was asked for is worth telling until it is done; money that came twice is told once, at the end."""
    surplus = event.data.get("cause") == "surplus"
    return event.name == "order.refund_requested" and (surplus or event.data.get("refund") in finished)


def _get_note(order: Order, name: str, data: dict[str, Any]) -> str:
    if name in EVENTS_WITH_AMOUNT:
        return money(Money(data["amount"], order.currency))
    return ""
