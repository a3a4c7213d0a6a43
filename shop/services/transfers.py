"""Bank transfers, as staff read them off the statement."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from core.money import Money
from shop.models import BankBooking, Payment, Refund
from shop.providers.bank_transfer import BankTransfer
from shop.services import payment as payments


class UnknownReference(NotFound):
    code = "unknown_reference"
    message = _("No payment has this reference.")


class WrongAmount(Invalid):
    code = "wrong_amount"
    message = _("The transfer must be of %(amount)s. Note it once all of it is there, and send back what is too much.")


class StatementTaken(Conflict):
    code = "statement_taken"
    message = _("This line of the statement is noted already.")


def note_transfer(*, ref: str, amount: Money, statement: str, by: Actor, now: datetime | None = None) -> Payment:
    """Note that a transfer came in, and apply it. The same line of the statement is noted once.

    Raises Denied, UnknownReference, WrongAmount, StatementTaken; records what settlement.settle records.
    """
    if not by.can("shop.note_transfer"):
        raise Denied
    payment = Payment.objects.filter(provider=BankTransfer.code, provider_ref=ref.strip()).first()
    if payment is None:
        raise UnknownReference(field="ref")
    if amount != payment.money(payment.amount):
        raise WrongAmount(amount=payment.money(payment.amount), field="amount")
    _note(payment, BankBooking.Kind.IN, payment.amount, statement, by=by, now=now)
    return payments.sync_payment(payment_id=payment.pk, by=by, now=now)


def note_refund_sent(*, refund_id: int, statement: str, by: Actor, now: datetime | None = None) -> Refund:
    """Note that the money of a refund was sent, and complete it. Raises Denied, UnknownReference, StatementTaken."""
    if not by.can("shop.note_transfer"):
        raise Denied
    refund = Refund.objects.select_related("payment").filter(pk=refund_id, payment__provider=BankTransfer.code).first()
    if refund is None or refund.state != Refund.State.PENDING:
        raise UnknownReference
    _note(refund.payment, BankBooking.Kind.OUT, refund.amount, statement, by=by, now=now, key=refund.idempotency_key)
    payments.sync_payment(payment_id=refund.payment_id, by=by, now=now)
    refund.refresh_from_db()
    return refund


@transaction.atomic
def _note(
    payment: Payment,
    kind: BankBooking.Kind,
    amount: int,
    statement: str,
    *,
    by: Actor,
    now: datetime | None,
    key: str = "",
) -> None:
    """Write the booking; one attempt is paid once and one refund sent once. Locks the payment."""
    locked = Payment.objects.locked().get(pk=payment.pk)
    same = BankBooking.objects.filter(ref=locked.provider_ref, kind=kind, refund_key=key)
    if same.exists() or BankBooking.objects.filter(statement=statement.strip()).exists():
        raise StatementTaken(field="statement")
    BankBooking.objects.create(
        ref=locked.provider_ref,
        kind=kind,
        currency=locked.currency,
        amount=amount,
        statement=statement.strip(),
        refund_key=key,
        noted_by=by.user,
        at=now or timezone.now(),
    )
