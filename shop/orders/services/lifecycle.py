"""What happens to an order when it is paid, and when nothing of it is left to send.

Parts of other services: whoever calls them holds the locks of cart and order.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Sum, When

from accounts.permissions.services import entitlements
from core.context import Actor
from core.errors import Conflict
from core.events import services as events
from shop.cart.models import Cart
from shop.catalogue.models import Product
from shop.orders.models import Order, OrderLine
from shop.stock import services as stock
from shop.stock.services import NotEnoughStock


class InvalidStatusTransition(Conflict):
    """An order cannot become that from what it is."""

    code = "wrong_order_state"


def change_status(order: Order, status: Order.Status, now: datetime) -> None:
    """Move an order along its allowed ways and stamp when. Raises WrongState."""
    if not order.can_become(status):
        raise InvalidStatusTransition(number=order.number, status=order.status, wanted=status)
    order.status = status
    order.network = ""
    order.closed_at = now if status in Order.CLOSED else None
    if status == Order.Status.PAID:
        order.paid_at = now
    elif status == Order.Status.FULFILLED:
        order.fulfilled_at = now
    order.save(update_fields=["status", "network", "closed_at", "paid_at", "fulfilled_at"])


def confirm_order(order: Order, *, by: Actor, now: datetime, payment: str = "") -> bool:
    """The money is there: promise the stock, give what the purchase opens, record order.paid.

    An expired or cancelled order is revived when its pieces are still to be had and its cart has not become another
    order; otherwise nothing changes and the answer is False. May lock stock levels.
    """
    if order.status in Order.CLOSED and not _revive_order(order, now):
        return False
    change_status(order, Order.Status.PAID, now)
    stock.commit(order)
    lines = list(order.lines.select_related("variant"))
    _grant_entitlements(order, lines, by=by, now=now)
    _count_sales(lines)
    data = {"currency": order.currency, "amount": order.total, "sources": get_sources(order, lines), "payment": payment}
    events.record("order.paid", order, by=by, now=now, **data)
    order.lines.filter(is_digital=True).update(quantity_fulfilled=F("quantity"))
    update_statuses(order, now=now)
    return True


def update_statuses(order: Order, *, now: datetime) -> None:
    """Bring the states of an order in line with what was sent, cancelled, is left to send, and was given back."""
    lines = list(order.lines.all())
    left = sum(line.to_send for line in lines)
    sent = sum(line.quantity_fulfilled for line in lines)
    _update_fulfilment_status(order, lines, sent)
    update_payment_status(order)
    if order.status not in Order.CONFIRMED:
        return
    if left:
        wanted = Order.Status.PARTLY_FULFILLED if sent else Order.Status.PAID
    elif not sent:
        wanted = Order.Status.CANCELLED
    else:
        wanted = Order.Status.REFUNDED if order.is_refunded else Order.Status.FULFILLED
    if order.status != wanted:
        change_status(order, wanted, now)


def update_payment_status(order: Order) -> None:
    """Bring the payment status of an order in line with its money. Money that is too much and goes back is left out."""
    counted = order.payments.without_surplus()
    sums = counted.aggregate(captured=Sum("captured", default=0), refunded=Sum("refunded", default=0))
    if order.paid_at is None:
        in_part = order.status == Order.Status.PENDING_PAYMENT and order.payments.are_partly_received()
        wanted = Order.PaymentStatus.PARTLY_PAID if in_part else Order.PaymentStatus.UNPAID
    elif sums["refunded"] == 0:
        wanted = Order.PaymentStatus.PAID
    else:
        all_back = sums["refunded"] >= sums["captured"]
        wanted = Order.PaymentStatus.REFUNDED if all_back else Order.PaymentStatus.PARTLY_REFUNDED
    if order.payment_status != wanted:
        order.payment_status = wanted
        order.save(update_fields=["payment_status"])


def _update_fulfilment_status(order: Order, lines: list[OrderLine], sent: int) -> None:
    wanted = Order.FulfilmentStatus.UNFULFILLED
    if sent:
        is_all = sent == sum(line.quantity for line in lines)
        wanted = Order.FulfilmentStatus.FULFILLED if is_all else Order.FulfilmentStatus.PARTLY_FULFILLED
    if order.fulfilment_status != wanted:
        order.fulfilment_status = wanted
        order.save(update_fields=["fulfilment_status"])


def reopen_cart(order: Order) -> None:
    """Give the customer back the cart of an order that came to nothing, unless they have begun another."""
    cart = Cart.objects.filter(orders=order, status=Cart.Status.ORDERED).first()
    if cart is None:
        return
    rivals = (
        Cart.objects.open().filter(user=cart.user_id, market=cart.market_id) if cart.user_id else Cart.objects.none()
    )
    if not rivals.exists():
        Cart.objects.filter(pk=cart.pk).update(status=Cart.Status.OPEN)


def get_gross_amount(order: Order, line: OrderLine) -> int:
    """What the customer paid for a line, in minor units, tax and all."""
    return line.total if order.tax_included else line.total + line.tax


def get_sources(order: Order, lines: list[OrderLine]) -> list[dict[str, str | int]]:
    """What came from where: the gross amounts of lines, summed by the post or message they were added from."""
    return sum_by_source((line.source_kind, line.source_id, get_gross_amount(order, line)) for line in lines)


def sum_by_source(parts: Iterable[tuple[str, str, int]]) -> list[dict[str, str | int]]:
    """Amounts by source, as events carry them; what has no source or no worth is left out."""
    sums: dict[tuple[str, str], int] = {}
    for kind, public_id, amount in parts:
        if kind and amount:
            sums[kind, public_id] = sums.get((kind, public_id), 0) + amount
    return [{"kind": kind, "id": public_id, "amount": amount} for (kind, public_id), amount in sorted(sums.items())]


def _revive_order(order: Order, now: datetime) -> bool:
    others = Order.objects.filter(cart=order.cart_id).exclude(pk=order.pk).exclude(status__in=Order.CLOSED)
    if order.cart_id and others.exists():
        return False
    try:
        with transaction.atomic():
            stock.reserve(order.lines.all(), now=now)
    except NotEnoughStock:
        return False
    Cart.objects.filter(orders=order, status=Cart.Status.OPEN).update(status=Cart.Status.ORDERED)
    return True


def _grant_entitlements(order: Order, lines: list[OrderLine], *, by: Actor, now: datetime) -> None:
    for slug in sorted({line.product_slug for line in lines}):
        entitlements.grant_entitlement(
            kind="product",
            subject=slug,
            source=(order.public_kind, order.public_id),
            by=by,
            user=order.user,
            email=order.email,
            since=now,
        )


def _count_sales(lines: list[OrderLine]) -> None:
    sold: dict[int, int] = {}
    for line in lines:
        product_id = line.variant.product_id
        sold[product_id] = sold.get(product_id, 0) + line.quantity
    products = Product.objects.filter(pk__in=sold)
    # In key order, so that two payments for the same products never wait for each other in a circle.
    list(products.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    added = Case(*(When(pk=product_id, then=quantity) for product_id, quantity in sold.items()), default=0)
    products.update(popularity=F("popularity") + added)
