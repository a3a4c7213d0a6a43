"""What a provider's snapshot means for us: the ledger, the payment, its refunds, and then the order.

`settle` derives the whole state from the snapshot and from what the ledger already holds. So the same news may come
twice, late or in any order: what is booked is booked once, and its consequences happen with the booking.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.permissions.services import entitlements
from core.context import Actor
from core.errors import Conflict
from core.events import services as events
from core.ids import uuid7
from core.money import Money
from shop.cart.models import Cart
from shop.orders.models import Order, OrderLine
from shop.orders.services import lifecycle
from shop.payments.models import LedgerEntry, Payment, Refund
from shop.payments.providers.base import Movement, Snapshot, State
from shop.stock import services as stock


class RefundExceedsPayment(Conflict):
    code = "refund_exceeds_payment"
    message = _("At most %(refundable)s can be refunded.")


CLOSED_STATES = {
    State.DECLINED: (Payment.Status.DECLINED, "payment.declined"),
    State.CANCELLED: (Payment.Status.CANCELLED, "payment.cancelled"),
}


@transaction.atomic
def settle(*, payment_id: int, snapshot: Snapshot, by: Actor, now: datetime) -> Payment:
    """Apply a provider's snapshot of one attempt to pay.

    Locks cart, order and payment, and stock levels where pieces move. Records payment.declined, payment.cancelled,
    order.paid, order.refunded, payment.returned, order.refund_requested: each when it becomes true.
    """
    payment = _lock_payment(payment_id)
    fresh = _record_movements(payment, snapshot)
    captured = sum(movement.amount for movement in fresh if movement.kind == LedgerEntry.Kind.CAPTURE)
    _update_payment(payment, snapshot, captured, by=by, now=now)
    for movement in fresh:
        if movement.kind == LedgerEntry.Kind.REFUND:
            _record_refund(payment, movement, by=by, now=now)
    if captured:
        _apply_capture(payment, by=by, now=now)
    if fresh or payment.order.payment_status == Order.PaymentStatus.PARTLY_PAID:
        lifecycle.update_payment_status(payment.order)
    payment.refresh_from_db(fields=["captured", "refunded", "refund_pending"])
    return payment


def create_refund(
    payment: Payment,
    amount: int,
    *,
    cause: Refund.Cause,
    reason: str,
    by: Actor,
    now: datetime,
    key: str = "",
    restock: bool = False,
) -> Refund:
    """Claim money of a payment for a refund that the worker carries out. The payment is locked by the caller.

    Raises RefundExceedsPayment. Records order.refund_requested.
    """
    claimed = Payment.objects.filter(pk=payment.pk, captured__gte=F("refunded") + F("refund_pending") + amount).update(
        refund_pending=F("refund_pending") + amount
    )
    if not claimed:
        raise RefundExceedsPayment(refundable=payment.money(payment.refundable), field="amount")
    uid = uuid7()
    refund = Refund.objects.create(
        uid=uid,
        payment=payment,
        amount=amount,
        cause=cause,
        reason=reason.strip()[:300],
        restock=restock,
        idempotency_key=key or f"refund:{uid}",
        requested_by=by.user,
        created_at=now,
    )
    data = {"refund": str(uid), "currency": payment.currency, "amount": amount, "cause": cause.value}
    events.record("order.refund_requested", payment.order, by=by, now=now, **data)
    return refund


def fail_refund(refund: Refund, payment: Payment, *, error: str, by: Actor, now: datetime) -> None:
    """A refund will not happen: free the money and the pieces it claimed. Order and payment are locked by the caller.

    Records order.refund_failed.
    """
    Payment.objects.filter(pk=payment.pk).update(refund_pending=F("refund_pending") - refund.amount)
    refund.state = Refund.State.FAILED
    refund.error = error[:300]
    refund.save(update_fields=["state", "error"])
    for part in refund.lines.all():
        OrderLine.objects.filter(pk=part.line_id).update(
            quantity_refunded=F("quantity_refunded") - part.quantity,
            quantity_cancelled=F("quantity_cancelled") - part.cancelled,
        )
    if refund.lines.exists():
        lifecycle.update_statuses(payment.order, now=now)
    data = {"refund": str(refund.uid), "currency": payment.currency, "amount": refund.amount}
    events.record("order.refund_failed", payment.order, by=by, now=now, **data)


def _lock_payment(payment_id: int) -> Payment:
    order_id, cart_id = Payment.objects.values_list("order_id", "order__cart_id").get(pk=payment_id)
    if cart_id:
        list(Cart.objects.locked().filter(pk=cart_id).values_list("pk"))
    order = Order.objects.locked().select_related("user").get(pk=order_id)
    payment = Payment.objects.locked().get(pk=payment_id)
    payment.order = order
    return payment


def _record_movements(payment: Payment, snapshot: Snapshot) -> list[Movement]:
    """Write what the ledger does not hold yet; returns it."""
    known = set(payment.entries.values_list("kind", "provider_txn"))
    fresh = [movement for movement in snapshot.movements if (movement.kind, movement.txn) not in known]
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            payment=payment,
            kind=movement.kind,
            amount=movement.amount,
            currency=payment.currency,
            provider=payment.provider,
            provider_txn=movement.txn,
            at=movement.at,
        )
        for movement in fresh
    )
    return fresh


def _update_payment(payment: Payment, snapshot: Snapshot, captured: int, *, by: Actor, now: datetime) -> None:
    payment.synced_at = now
    if captured:
        payment.captured += captured
        payment.status = Payment.Status.CAPTURED
        payment.decline_code = ""
    elif payment.is_live and snapshot.state in CLOSED_STATES:
        payment.status, name = CLOSED_STATES[snapshot.state]
        payment.decline_code = snapshot.decline_code
        data = {"payment": str(payment.uid), "provider": payment.provider, "code": snapshot.decline_code}
        events.record(name, payment.order, by=by, now=now, **data)
    payment.save(update_fields=["synced_at", "captured", "status", "decline_code"])


def _apply_capture(payment: Payment, *, by: Actor, now: datetime) -> None:
    """Money has come. It pays the order, or it goes back: it came a second time, too late, or too little."""
    order = payment.order
    payment.refresh_from_db(fields=["refunded", "refund_pending"])
    free = payment.refundable
    wanted = order.paid_at is None and free >= order.total
    if wanted and lifecycle.confirm_order(order, by=by, now=now, payment=str(payment.uid)):
        return
    if free:
        create_refund(payment, free, cause=Refund.Cause.SURPLUS, reason="", by=by, now=now)


def _record_refund(payment: Payment, movement: Movement, *, by: Actor, now: datetime) -> None:
    refund = payment.refunds.filter(idempotency_key=movement.key).exclude(state=Refund.State.DONE).first()
    if refund is None:
        # A payment that is being returned anyway stays one, whoever sent the money back.
        returning = payment.refunds.filter(cause=Refund.Cause.SURPLUS).exists()
        refund = Refund(
            payment=payment,
            amount=movement.amount,
            cause=Refund.Cause.SURPLUS if returning else Refund.Cause.EXTERNAL,
            created_at=movement.at,
            idempotency_key=f"external:{payment.provider}:{movement.txn}",
        )
    elif refund.state == Refund.State.PENDING:
        Payment.objects.filter(pk=payment.pk).update(refund_pending=F("refund_pending") - refund.amount)
    _fail_conflicting_refunds(payment, movement.amount, by=by, now=now)
    Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + movement.amount)
    refund.state, refund.done_at, refund.provider_ref, refund.error = Refund.State.DONE, now, movement.txn, ""
    refund.save()
    _complete_refund(refund, payment, by=by, now=now)


def _fail_conflicting_refunds(payment: Payment, amount: int, *, by: Actor, now: datetime) -> None:
    """The provider has already given this back: refunds of ours that no longer fit can only fail there."""
    for rival in payment.refunds.filter(state=Refund.State.PENDING).order_by("-id"):
        payment.refresh_from_db(fields=["captured", "refunded", "refund_pending"])
        if payment.refundable >= amount:
            return
        fail_refund(rival, payment, error="refunded elsewhere", by=by, now=now)


def _complete_refund(refund: Refund, payment: Payment, *, by: Actor, now: datetime) -> None:
    """The money is back: release or restock the pieces, end what the purchase opened, say so."""
    order = payment.order
    data = {"refund": str(refund.uid), "currency": payment.currency, "amount": refund.amount}
    if refund.cause == Refund.Cause.SURPLUS:
        events.record("payment.returned", order, by=by, now=now, **data)
        return
    parts = list(refund.lines.select_related("line"))
    _end_entitlements(order, by=by, now=now)
    events.record("order.refunded", order, by=by, now=now, sources=_get_refund_sources(refund, order), **data)
    lifecycle.update_statuses(order, now=now)
    shelved = [part for part in parts if not part.line.is_digital]
    stock.release_items({part.line_id: part.cancelled for part in shelved if part.cancelled})
    if refund.restock:
        returned = {part.line_id: part.quantity - part.cancelled for part in shelved if part.quantity > part.cancelled}
        stock.restock(returned, key=f"refund:{refund.uid}", by=by, now=now)


def _end_entitlements(order: Order, *, by: Actor, now: datetime) -> None:
    """A product all of whose pieces were given back opens nothing any more."""
    kept: dict[str, int] = {}
    for line in order.lines.all():
        kept[line.product_slug] = kept.get(line.product_slug, 0) + line.refundable_quantity
    subjects = sorted(slug for slug, pieces in kept.items() if pieces == 0)
    if subjects:
        source = (order.public_kind, order.public_id)
        entitlements.end_entitlements(source=source, subjects=subjects, by=by, now=now)


def _get_refund_sources(refund: Refund, order: Order) -> list[dict[str, str | int]]:
    """Where the refunded money had come from: by the refund's lines, or in proportion when it names none."""
    parts = list(refund.lines.select_related("line"))
    if parts:
        return lifecycle.sum_by_source((part.line.source_kind, part.line.source_id, part.amount) for part in parts)
    lines = list(order.lines.all())
    worth = [lifecycle.get_gross_amount(order, line) for line in lines]
    shares = Money(refund.amount, order.currency).allocate([*worth, order.total - sum(worth)])
    return lifecycle.sum_by_source(
        (line.source_kind, line.source_id, share.minor) for line, share in zip(lines, shares, strict=False)
    )
