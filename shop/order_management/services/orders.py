"""Orders that come to nothing. Stock is given back only once nobody can pay for it any more."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from accounts.users.queries import get_owner, get_verified_emails
from core.context import Actor
from core.errors import Conflict, Denied, DomainError
from core.events import services as events
from shop.cart.models import Cart
from shop.orders.models import Order
from shop.orders.services import lifecycle
from shop.payments.services import payments
from shop.stock import services as stock

log = structlog.get_logger(__name__)

# How long a sweep has an order to itself; and how long the hold goes on while a provider does not answer.
LEASE_DURATION = timedelta(minutes=5)


class OrderNotCancellable(Conflict):
    code = "order_not_cancellable"
    message = _("Only unpaid orders can be cancelled. Refund a paid order instead.")


def expire_orders(*, by: Actor, now: datetime | None = None, limit: int = 100) -> int:
    """End unpaid orders whose time is over; returns how many ended.

    Takes each by moving its hold, so that two sweeps never work on the same one and a sweep that dies is followed by
    another. Attempts to pay are cancelled at the provider first; while it does not answer, the hold goes on.
    """
    now = now or timezone.now()
    ended = 0
    for order_id in _take_due_orders(now, limit):
        try:
            ended += _end_order(order_id, Order.Status.EXPIRED, by=by, now=now)
        except DomainError as refusal:
            log.warning("order_not_expired", order_id=order_id, code=refusal.code)
        except Exception:
            log.exception("order_not_expired", order_id=order_id)
    return ended


def cancel_order(*, order_id: int, by: Actor, now: datetime | None = None) -> Order:
    """Cancel an order that waits for its payment, and give the customer the cart back.

    The buyer may, and staff whose role says so. Raises Denied, OrderNotCancellable, ProviderUnavailable.
    Records order.cancelled.
    """
    order = Order.objects.get(pk=order_id)
    if not order.can_be_managed_by(by):
        raise Denied(required_permission="shop.cancel_order")
    if not _end_order(order_id, Order.Status.CANCELLED, by=by, now=now or timezone.now()):
        raise OrderNotCancellable
    order.refresh_from_db()
    return order


def release_holds(*, numbers: Iterable[str], by: Actor, now: datetime | None = None) -> int:
    """Cancel unpaid orders, so that what they hold is free again; returns how many ended.

    Those that are paid, or ended already, are passed over. Raises Denied, ProviderUnavailable.
    """
    by.require("shop.cancel_order")
    waiting = Order.objects.filter(number__in=list(numbers), status=Order.Status.PENDING_PAYMENT).order_by("pk")
    now = now or timezone.now()
    return sum(
        _end_order(order_id, Order.Status.CANCELLED, by=by, now=now)
        for order_id in waiting.values_list("pk", flat=True)
    )


@transaction.atomic
def claim_orders(*, person_uid: str, by: Actor, now: datetime | None = None) -> int:
    """Give a person what was ordered as a guest with an address that they proved to own; returns how many orders.

    Only what can be paid no more or is paid: a guest at the checkout keeps theirs. Locks the orders. Records
    order.claimed for each.
    """
    user = User.objects.filter(uid=person_uid, is_active=True).first()
    if user is None:
        return 0
    emails = get_verified_emails(user)
    waiting = Order.objects.filter(user=None, email__in=emails).exclude(status=Order.Status.PENDING_PAYMENT)
    return sum(_assign_order(order, user, by=by, now=now) for order in waiting.locked())


@transaction.atomic
def claim_order(*, number: str, by: Actor, now: datetime | None = None) -> bool:
    """Give a guest's order to whoever proved to own its address, if anybody. Locks it. Records order.claimed."""
    order = Order.objects.locked().get(number=number)
    user = get_owner(order.email) if order.user_id is None else None
    return user is not None and _assign_order(order, user, by=by, now=now)


def _assign_order(order: Order, user: User, *, by: Actor, now: datetime | None) -> bool:
    order.user = user
    order.save(update_fields=["user"])
    events.record("order.claimed", order, by=by, now=now, person=user.public_id)
    return True


@transaction.atomic
def _take_due_orders(now: datetime, limit: int) -> list[int]:
    due = Order.objects.filter(status=Order.Status.PENDING_PAYMENT, expires_at__lte=now)
    free = due.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("expires_at")
    ids = [order.pk for order in free[:limit]]
    Order.objects.filter(pk__in=ids).update(expires_at=now + LEASE_DURATION)
    return ids


def _end_order(order_id: int, status: Order.Status, *, by: Actor, now: datetime) -> bool:
    order = Order.objects.get(pk=order_id)
    if order.status != Order.Status.PENDING_PAYMENT:
        return False
    for attempt in order.payments.live():
        payments.cancel_attempt(payment_id=attempt.pk, by=by, now=now)
    return _close_order(order_id, order.cart_id, status, by=by, now=now)


@transaction.atomic
def _close_order(order_id: int, cart_id: int | None, status: Order.Status, *, by: Actor, now: datetime) -> bool:
    """Lock cart and order, and end the order unless it was paid, or a new attempt to pay began, meanwhile."""
    if cart_id:
        list(Cart.objects.locked().filter(pk=cart_id).values_list("pk"))
    order = Order.objects.locked().get(pk=order_id)
    if order.status != Order.Status.PENDING_PAYMENT or order.payments.live().exists():
        return False
    lifecycle.change_status(order, status, now)
    lifecycle.reopen_cart(order)
    events.record(f"order.{status.value}", order, by=by, now=now, currency=order.currency, amount=order.total)
    stock.release(order)
    return True
