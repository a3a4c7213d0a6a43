"""Reading orders."""

from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from core.context import Grant
from core.events.models import Event
from core.money import Money
from shop.orders.models import FulfilmentLine, Order, OrderLine
from shop.payments.models import Payment, Refund

MAX_EVENTS = 100


@dataclass(frozen=True, slots=True)
class PaymentSummary:
    """Where the money of an order stands. Money that came late or twice and went back is left out.

    `surplus` is what is too much and still to go back. `live` is the attempt the customer may still complete; `latest`
    the newest one, whatever became of it.
    """

    paid: Money
    refunded: Money
    pending_refunds: Money
    refundable: Money
    surplus: Money
    live: Payment | None
    latest: Payment | None

    @property
    def is_partly_refunded(self) -> bool:
        return bool(self.refunded) and self.refunded < self.paid

    @property
    def is_fully_refunded(self) -> bool:
        return bool(self.refunded) and self.refunded == self.paid


def get_visible_orders(viewer: Grant) -> QuerySet[Order]:
    """The orders a viewer may see, newest first."""
    return Order.objects.visible_to(viewer).order_by("-placed_at", "-id")


def get_order_by_link(number: str, signature: str) -> QuerySet[Order]:
    """The order a signed link leads to; none when the signature is not ours."""
    return Order.objects.filter(number=number) if Order.is_valid_signature(number, signature) else Order.objects.none()


def prefetch_order_details(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Load what an order's page shows: lines, payments, refunds and parcels; five queries for any number."""
    refunds = Prefetch("refunds", Refund.objects.order_by("id"))
    payments = Payment.objects.with_surplus().order_by("id").prefetch_related(refunds)
    return orders.select_related("market", "shipping_method", "user").prefetch_related(
        Prefetch("lines", OrderLine.objects.select_related("variant")),
        Prefetch("payments", payments),
        Prefetch("fulfilments__lines", FulfilmentLine.objects.select_related("line")),
    )


def get_payment_summary(order: Order) -> PaymentSummary:
    """Sum up the payments of an order, loaded `with_surplus`; no query."""
    payments = list(order.payments.all())
    counted = [payment for payment in payments if not payment.is_surplus]  # type: ignore[attr-defined]
    live = [payment for payment in payments if payment.is_live]
    return PaymentSummary(
        paid=order.money(sum(payment.captured for payment in counted)),
        refunded=order.money(sum(payment.refunded for payment in counted)),
        pending_refunds=order.money(sum(payment.refund_pending for payment in counted)),
        refundable=order.money(max((payment.refundable for payment in counted), default=0)),
        surplus=order.money(sum(payment.refund_pending for payment in payments if payment not in counted)),
        live=live[0] if live else None,
        latest=payments[-1] if payments else None,
    )


def get_events(order: Order) -> list[Event]:
    """What happened to an order, oldest first; one query."""
    return list(Event.objects.about(order.public_kind, order.public_id)[:MAX_EVENTS])
