"""Bank transfers, as staff read them off the statement."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Conflict, Invalid, NotFound
from core.events import services as events
from core.ids import uuid7
from core.money import Money
from shop.orders.models import Order
from shop.orders.services import lifecycle
from shop.payments.models import BankBooking, Payment, Refund
from shop.payments.providers.bank_transfer import BankTransfer
from shop.payments.services import payments

MAX_STATEMENT_LENGTH = 80
# In the reference of a payment that holds what was too much.
SURPLUS_MARK = "-surplus-"


class UnknownReference(NotFound):
    code = "unknown_reference"
    message = _("No payment has this reference.")


class WrongAmount(Invalid):
    code = "wrong_amount"
    message = _("Enter the amount received in %(currency)s. It must be more than zero.")


class StatementMissing(Invalid):
    code = "statement_missing"
    message = _("Enter the bank statement line.")


class StatementTaken(Conflict):
    code = "statement_taken"
    message = _("This bank statement line is already recorded.")


def get_latest_attempt(order: Order) -> Payment | None:
    """The attempt to pay an order by transfer that money is noted for: the live one, or else the newest."""
    attempts = order.payments.filter(provider=BankTransfer.code, provider_ref__gt="").exclude(
        provider_ref__contains=SURPLUS_MARK
    )
    return attempts.live().first() or attempts.order_by("-pk").first()


def record_transfer(*, ref: str, amount: Money, statement: str, by: Actor, now: datetime | None = None) -> Payment:
    """Note that a transfer came in, and apply it. The same line of the statement is noted once.

    Less than what is due waits for the rest, and the hold begins anew. What is more than due becomes a payment of its
    own, which goes back. Raises Denied, UnknownReference, WrongAmount, StatementMissing, StatementTaken; records
    payment.partly_received and what settlement.settle records.
    """
    by.require("shop.note_transfer")
    now = now or timezone.now()
    payment = Payment.objects.filter(provider=BankTransfer.code, provider_ref=ref.strip()).first()
    if payment is None or not ref.strip():
        raise UnknownReference(field="ref")
    if amount.currency != payment.currency or amount.minor <= 0:
        raise WrongAmount(currency=payment.currency, field="amount")
    surplus = _record_incoming(payment, amount.minor, statement, by=by, now=now)
    paid = payments.sync_payment(payment_id=payment.pk, by=by, now=now)
    if surplus is not None:
        payments.sync_payment(payment_id=surplus.pk, by=by, now=now)
    return paid


def get_missing_amount(payment: Payment) -> Money:
    """What a customer still has to transfer for an attempt; one query."""
    return payment.money(max(payment.amount - _sum_received(payment.provider_ref), 0))


def record_refund_sent(*, refund_id: int, statement: str, by: Actor, now: datetime | None = None) -> Refund:
    """Note that the money of a refund was sent, and complete it.

    Raises Denied, UnknownReference, StatementMissing, StatementTaken.
    """
    by.require("shop.note_transfer")
    refund = Refund.objects.select_related("payment").filter(pk=refund_id, payment__provider=BankTransfer.code).first()
    if refund is None or refund.state != Refund.State.PENDING:
        raise UnknownReference
    _record_outgoing(refund, statement, by=by, now=now or timezone.now())
    payments.sync_payment(payment_id=refund.payment_id, by=by, now=now)
    refund.refresh_from_db()
    return refund


@transaction.atomic
def _record_incoming(payment: Payment, amount: int, statement: str, *, by: Actor, now: datetime) -> Payment | None:
    """Write the booking, in two where a part is too much; returns the payment that holds that part.

    Locks the order, then the payment.
    """
    order = Order.objects.locked().get(pk=payment.order_id)
    locked = Payment.objects.locked().get(pk=payment.pk)
    label = _validate_statement(statement)
    noted = _sum_received(locked.provider_ref)
    # An attempt that is over and had money before takes no more: that money has gone back.
    due = locked.amount - noted if locked.is_live or not noted else 0
    fitting = min(amount, due)
    if fitting:
        _add_booking(locked, BankBooking.Kind.IN, fitting, label, by=by, now=now)
    if locked.is_live and fitting < due:
        _extend_hold(order, locked, fitting, due - fitting, by=by, now=now)
    if amount == fitting:
        return None
    surplus = _add_surplus(locked, amount - fitting, now=now)
    _add_booking(surplus, BankBooking.Kind.IN, amount - fitting, f"{label} (+)" if fitting else label, by=by, now=now)
    return surplus


def _extend_hold(order: Order, payment: Payment, fitting: int, left: int, *, by: Actor, now: datetime) -> None:
    """Give the customer as long again for the rest, and tell them."""
    order.expires_at = max(order.expires_at, now + BankTransfer.hold)
    order.save(update_fields=["expires_at"])
    lifecycle.update_payment_status(order)
    data = {"payment": str(payment.uid), "currency": payment.currency, "amount": fitting, "missing": left}
    events.record("payment.partly_received", order, by=by, now=now, **data)


def _add_surplus(payment: Payment, amount: int, *, now: datetime) -> Payment:
    """A closed attempt of its own: money that reaches it counts as come too late or twice, and goes back."""
    uid = uuid7()
    return Payment.objects.create(
        uid=uid,
        order_id=payment.order_id,
        provider=BankTransfer.code,
        provider_ref=f"{payment.provider_ref}{SURPLUS_MARK}{uid.hex[-12:]}",
        currency=payment.currency,
        amount=amount,
        status=Payment.Status.CANCELLED,
        idempotency_key=f"payment:{uid}",
        created_at=now,
    )


@transaction.atomic
def _record_outgoing(refund: Refund, statement: str, *, by: Actor, now: datetime) -> None:
    """Write that the money of a refund was sent; it is sent once. Locks the payment."""
    locked = Payment.objects.locked().get(pk=refund.payment_id)
    label = _validate_statement(statement)
    if BankBooking.objects.filter(refund_key=refund.idempotency_key).exists():
        raise StatementTaken(field="statement")
    _add_booking(locked, BankBooking.Kind.OUT, refund.amount, label, by=by, now=now, key=refund.idempotency_key)


def _validate_statement(statement: str) -> str:
    label = statement.strip()[:MAX_STATEMENT_LENGTH]
    if not label:
        raise StatementMissing(field="statement")
    if BankBooking.objects.filter(statement=label).exists():
        raise StatementTaken(field="statement")
    return label


def _sum_received(ref: str) -> int:
    incoming = BankBooking.objects.filter(ref=ref, kind=BankBooking.Kind.IN)
    total: int = incoming.aggregate(sum=Sum("amount", default=0))["sum"]
    return total


def _add_booking(
    payment: Payment, kind: BankBooking.Kind, amount: int, statement: str, *, by: Actor, now: datetime, key: str = ""
) -> None:
    BankBooking.objects.create(
        ref=payment.provider_ref,
        kind=kind,
        currency=payment.currency,
        amount=amount,
        statement=statement,
        refund_key=key,
        noted_by=by.user,
        at=now,
    )
