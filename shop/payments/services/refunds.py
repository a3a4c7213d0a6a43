"""Refund. Money moves at the provider; the books here follow what the provider says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Conflict, DomainError, Invalid
from core.money import Money
from shop.orders.models import Order, OrderLine
from shop.orders.services import lifecycle
from shop.payments import providers
from shop.payments.models import Payment, Refund, RefundLine
from shop.payments.providers.base import ProviderRefused
from shop.payments.services import payments, settlement
from shop.payments.services.settlement import RefundExceedsPayment
from shop.pricing import calculation

log = structlog.get_logger(__name__)

# When a refund still on its way is asked for again.
RETRY_AFTER = timedelta(minutes=10)


class NothingToRefund(Conflict):
    code = "nothing_to_refund"
    message = _("This order has nothing left to refund.")


class InvalidRefund(Invalid):
    code = "invalid_refund"
    message = _("Enter an amount or items, and a reason.")


class RefundAmountMismatch(Invalid):
    """Pieces that are cancelled are paid back in full, and beyond the pieces only delivery can be given back."""

    code = "refund_amount_disagrees"
    message = _(
        "For these items the amount must be between %(least)s and %(most)s. Omit the amount to refund their price, or "
        "omit the items to refund an amount and still ship them."
    )


class ItemsNotRefundable(Conflict):
    code = "pieces_not_refundable"
    message = _("Only %(left)s of %(sku)s can still be refunded.")


@dataclass(frozen=True, slots=True)
class RefundPart:
    """Pieces of one line to give back: how many, how many of them were never sent, what they are worth."""

    line: OrderLine
    quantity: int
    cancelled: int
    worth: Money


@transaction.atomic
def request_refund(
    *,
    order_id: int,
    reason: str,
    by: Actor,
    amount: Money | None = None,
    lines: Mapping[str, int] | None = None,
    restock: bool = False,
    key: str = "",
    now: datetime | None = None,
) -> Refund:
    """Record a refund that the worker carries out.

    `lines` are pieces by the uid of their order line; pieces that were not sent are cancelled, sent ones go back on
    the shelf with `restock`. Without an amount the pieces are given back at what was paid for them. Neither amount nor
    lines means all that is left, and so does an amount of all that is left. With both, the amount is at least what the
    pieces cost that are cancelled. The same `key` for the same order gives the refund it made before.
    Locks the order, then its payments. Raises Denied, InvalidRefund, AmountDisagrees, NothingToRefund,
    PiecesNotRefundable, RefundExceedsPayment. Records order.refund_requested.
    """
    by.require("shop.refund_order")
    now = now or timezone.now()
    order = Order.objects.locked().get(pk=order_id)
    own_key = f"order:{order.uid}:{key}" if key else ""
    if own_key and (made := Refund.objects.filter(idempotency_key=own_key).first()):
        return made
    captured = list(Payment.objects.locked().filter(order=order, status=Payment.Status.CAPTURED))
    if order.paid_at is None or not any(paid.refundable for paid in captured):
        raise NothingToRefund
    refundable = max(paid.refundable for paid in captured)
    everything = lines is None and (amount is None or amount == order.money(refundable))
    parts = _build_parts(order, lines, everything=everything)
    wanted = refundable if everything else _validate_amount(order, amount, parts)
    source = _choose_payment(captured, wanted)
    source.order = order
    made = settlement.create_refund(
        source,
        wanted,
        cause=Refund.Cause.STAFF,
        reason=_validate_reason(reason),
        restock=restock,
        by=by,
        now=now,
        key=own_key,
    )
    _save_parts(made, parts, wanted)
    return made


def carry_out_refund(*, refund_id: int, by: Actor, now: datetime | None = None) -> Refund:
    """Ask the provider for what a refund says, then apply what the provider has booked. Safe to repeat.

    A clear refusal fails the refund and frees what it claimed. Raises ProviderUnavailable: then it is to be repeated.
    """
    now = now or timezone.now()
    asked = Refund.objects.select_related("payment__order").get(pk=refund_id)
    if asked.state != Refund.State.PENDING:
        return asked
    try:
        providers.get_provider_outside_transaction(asked.payment.provider).refund(asked)
    except ProviderRefused as refusal:
        _fail(refund_id, str(refusal.details.get("reason", refusal.code)), by=by, now=now)
    # After a refusal too: the reason may be that somebody gave the money back at the provider's own desk.
    payments.sync_payment(payment_id=asked.payment_id, by=by, now=now)
    asked.refresh_from_db()
    return asked


def carry_out_open_refunds(*, by: Actor, now: datetime | None = None, limit: int = 100) -> int:
    """Carry out refunds that are overdue, oldest first; returns how many ended now. One that fails stops no other."""
    now = now or timezone.now()
    polled = [provider.code for provider in providers.get_offered_providers() if provider.polled]
    left = Refund.objects.filter(
        state=Refund.State.PENDING, payment__provider__in=polled, created_at__lt=now - RETRY_AFTER
    )
    ended = 0
    for refund_id in left.order_by("created_at").values_list("pk", flat=True)[:limit]:
        try:
            ended += carry_out_refund(refund_id=refund_id, by=by, now=now).state != Refund.State.PENDING
        except DomainError as refusal:
            log.warning("refund_not_carried_out", refund_id=refund_id, code=refusal.code)
        except Exception:
            log.exception("refund_not_carried_out", refund_id=refund_id)
    return ended


def _build_parts(order: Order, wanted: Mapping[str, int] | None, *, everything: bool) -> list[RefundPart]:
    lines = {str(line.uid): line for line in order.lines.all()}
    if everything:
        wanted = {uid: line.refundable_quantity for uid, line in lines.items() if line.refundable_quantity}
    parts = []
    for uid, quantity in (wanted or {}).items():
        line = lines.get(uid)
        if line is None or quantity <= 0:
            raise InvalidRefund(field="lines")
        if quantity > line.refundable_quantity:
            raise ItemsNotRefundable(sku=line.sku, left=line.refundable_quantity, field="lines")
        whole = order.money(lifecycle.get_gross_amount(order, line))
        worth = calculation.allocate_part(whole, quantity=quantity, of=line.quantity, after=line.quantity_refunded)
        parts.append(RefundPart(line, quantity, min(quantity, line.to_send), worth))
    return parts


def _validate_amount(order: Order, amount: Money | None, parts: list[RefundPart]) -> int:
    worth = sum((part.worth for part in parts), Money.zero(order.currency))
    if amount is None:
        amount = worth
    if amount.minor <= 0 or amount.currency != order.currency:
        raise InvalidRefund(field="amount")
    if parts:
        _check_agreement(order, amount, parts, worth)
    return amount.minor


def _check_agreement(order: Order, amount: Money, parts: list[RefundPart], worth: Money) -> None:
    least = sum((_get_cancelled_worth(order, part) for part in parts), Money.zero(order.currency))
    goods = sum(lifecycle.get_gross_amount(order, line) for line in order.lines.all())
    most = worth + order.money(order.total - goods)
    if not least <= amount <= most:
        raise RefundAmountMismatch(least=max(least, order.money(1)).format(), most=most.format(), field="amount")


def _get_cancelled_worth(order: Order, part: RefundPart) -> Money:
    """What was paid for those pieces that were never sent; they come first."""
    whole = order.money(lifecycle.get_gross_amount(order, part.line))
    line = part.line
    return calculation.allocate_part(whole, quantity=part.cancelled, of=line.quantity, after=line.quantity_refunded)


def _choose_payment(captured: list[Payment], amount: int) -> Payment:
    enough = [paid for paid in captured if paid.refundable >= amount]
    if not enough:
        most = max(captured, key=lambda paid: paid.refundable)
        raise RefundExceedsPayment(refundable=most.money(most.refundable), field="amount")
    return enough[0]


def _validate_reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidRefund(field="reason")
    return reason


def _save_parts(made: Refund, parts: list[RefundPart], amount: int) -> None:
    """Note the pieces and what each brings back; with a smaller amount than they are worth, in proportion."""
    worth = [part.worth.minor for part in parts]
    if sum(worth) > amount:
        worth = [share.minor for share in made.payment.money(amount).allocate(worth)]
    RefundLine.objects.bulk_create(
        RefundLine(refund=made, line=part.line, quantity=part.quantity, cancelled=part.cancelled, amount=minor)
        for part, minor in zip(parts, worth, strict=True)
    )
    for part in parts:
        OrderLine.objects.filter(pk=part.line.pk).update(
            quantity_refunded=F("quantity_refunded") + part.quantity,
            quantity_cancelled=F("quantity_cancelled") + part.cancelled,
        )


@transaction.atomic
def _fail(refund_id: int, error: str, *, by: Actor, now: datetime) -> None:
    order_id, payment_id = Refund.objects.values_list("payment__order_id", "payment_id").get(pk=refund_id)
    order = Order.objects.locked().get(pk=order_id)
    payment = Payment.objects.locked().get(pk=payment_id)
    payment.order = order
    failed = Refund.objects.get(pk=refund_id)
    if failed.state == Refund.State.PENDING:
        settlement.fail_refund(failed, payment, error=error, by=by, now=now)
