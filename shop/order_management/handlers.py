"""Emails about orders."""

from typing import Any

from django.conf import settings

from accounts.subscriptions.services import notifications
from core.context import Actor
from core.events import services as events
from core.events.models import Event
from core.search import index as search
from shop.catalogue.models import Variant
from shop.catalogue.queries import get_all_skus, get_current_sku
from shop.listing.topics import get_available_variants, get_stock_topic
from shop.order_management.emails import send_order_email, send_unpaid_order_email
from shop.order_management.services import orders
from shop.orders.models import Fulfilment, Order, OrderLine
from shop.payments.providers.bank_transfer import BankTransfer

PAYMENTS = Actor.system("shop.payments")
CLAIMS = Actor.system("shop.claims")


@events.on("order.paid")
def claim_order(event: Event) -> None:
    """One that was ordered without signing in, with an address that is known to be somebody's."""
    orders.claim_order(number=event.subject_id, by=CLAIMS)


@events.on("order.placed", outside=True)
def send_transfer_details(event: Event, key: str) -> None:
    """A transfer needs its details in writing; every other way to pay is already under way on a page."""
    order = _order(event)
    if event.data["provider"] == BankTransfer.code and order.status == Order.Status.PENDING_PAYMENT:
        send_unpaid_order_email(order, "order_transfer", key=key, account=settings.BANK_ACCOUNT)


@events.on("payment.partly_received", outside=True)
def send_missing_amount(event: Event, key: str) -> None:
    """A part of a transfer came in: how much is missing, and where to send it."""
    order = _order(event)
    if order.status == Order.Status.PENDING_PAYMENT:
        received, missing = order.money(event.data["amount"]), order.money(event.data["missing"])
        values = {"received": received, "missing": missing, "account": settings.BANK_ACCOUNT}
        send_order_email(order, "order_transfer_partly", key=key, **values)


@events.on("order.cancelled", outside=True)
def send_cancellation(event: Event, key: str) -> None:
    send_unpaid_order_email(_order(event), "order_cancelled", key=key)


@events.on("order.paid", outside=True)
def send_confirmation(event: Event, key: str) -> None:
    send_order_email(_order(event), "order_paid", key=key)


@events.on("order.fulfilled", outside=True)
def send_tracking(event: Event, key: str) -> None:
    order = _order(event)
    parcel = Fulfilment.objects.get(uid=event.data["fulfilment"])
    pieces = [f"{part.quantity} × {part.line.title}" for part in parcel.lines.select_related("line")]
    collected = order.shipping_method is not None and order.shipping_method.is_pick_up
    send_order_email(
        order,
        "order_fulfilled",
        key=key,
        parcel=parcel,
        pieces=pieces,
        collected=collected,
        complete=event.data["complete"],
    )


@events.on("order.refunded", outside=True)
def send_refund_notice(event: Event, key: str) -> None:
    _send_with_amount(event, "order_refunded", key)


@events.on("payment.returned", outside=True)
def send_return_notice(event: Event, key: str) -> None:
    """Money that came too late or twice went back; the order is as it was."""
    _send_with_amount(event, "order_money_returned", key)


@events.on("order.expired", outside=True)
def send_expiry_notice(event: Event, key: str) -> None:
    send_unpaid_order_email(_order(event), "order_expired", key=key)


@events.on("order.link_requested", outside=True)
def send_link(event: Event, key: str) -> None:
    send_unpaid_order_email(_order(event), "order_link", key=key)


def _order(event: Event) -> Order:
    return Order.objects.select_related("shipping_method").get(number=event.subject_id)


def _send_with_amount(event: Event, template: str, key: str) -> None:
    order = _order(event)
    values: dict[str, Any] = {"amount": order.money(event.data["amount"])}
    send_order_email(order, template, key=key, **values)


@events.on("order.paid")
def index_sold_products(event: Event) -> None:
    """What sells is found first."""
    lines = OrderLine.objects.filter(order__number=event.subject_id)
    search.index("product", sorted(set(lines.values_list("product_slug", flat=True))))


@events.on("stock.*", "order.expired", "order.cancelled", "order.refunded")
def tell_who_waits_for_it(event: Event) -> None:
    """What was sold out may be on the shelf again; who asked hears of it once."""
    if event.quiet:
        return
    is_stock = event.subject_kind == Variant.public_kind
    lines = OrderLine.objects.filter(order__number=event.subject_id)
    skus = [get_current_sku(event.subject_id)] if is_stock else list(lines.values_list("variant__sku", flat=True))
    for piece in get_available_variants().filter(sku__in=skus):
        for sku in get_all_skus(piece):  # some asked before the piece had today's SKU
            notifications.enqueue_for_topic(
                topic=get_stock_topic(sku), key=f"stock:{event.uid}", about=sku, now=event.at
            )


@events.on("user.verified_email")
def claim_guest_orders(event: Event) -> None:
    """What was ordered as a guest comes to the account of whoever proved to own the address."""
    orders.claim_orders(person_uid=event.subject_id, by=CLAIMS)
