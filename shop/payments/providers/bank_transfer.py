"""Payment by bank transfer: the customer transfers, staff note what the bank statement says.

Staff record `BankBooking` rows through `shop.payments.services.transfers`; the provider only reads them. A refund is
sent by hand, so it stays on its way until the outgoing booking is noted. A customer may transfer in parts.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shop.payments.models import BankBooking, LedgerEntry, Payment, Refund
from shop.payments.providers.base import (
    CreatedPayment,
    InvalidWebhookSignature,
    Movement,
    ProviderEvent,
    Snapshot,
    State,
)

LEDGER_KINDS = {BankBooking.Kind.IN: LedgerEntry.Kind.CAPTURE, BankBooking.Kind.OUT: LedgerEntry.Kind.REFUND}


class BankTransfer:
    code: ClassVar[str] = "bank_transfer"
    name: ClassVar[str | Promise] = _("Bank transfer")
    hold: ClassVar[timedelta] = timedelta(days=settings.TRANSFER_HOLD_DAYS)
    guest_hold: ClassVar[timedelta] = timedelta(days=settings.GUEST_TRANSFER_HOLD_DAYS)
    polled: ClassVar[bool] = False
    pays_at_once: ClassVar[bool] = False

    def create(self, payment: Payment, return_url: str) -> CreatedPayment:
        """The order's number is the reference; later attempts count on, so that no two share one."""
        number = payment.order.number
        earlier = payment.order.payments.filter(provider=self.code, pk__lt=payment.pk).count()
        return CreatedPayment(f"{number}-{earlier + 1}" if earlier else number)

    def fetch(self, payment: Payment) -> Snapshot:
        """A part of the sum counts once the rest is there; once the attempt is over, it counts as what it is."""
        movements = tuple(
            Movement(LEDGER_KINDS[BankBooking.Kind(row.kind)], row.statement, row.amount, row.at, row.refund_key)
            for row in BankBooking.objects.filter(ref=payment.provider_ref).order_by("id")
        )
        received = sum(movement.amount for movement in movements if movement.kind == LedgerEntry.Kind.CAPTURE)
        if not received or (payment.is_live and received < payment.amount):
            return Snapshot(State.OPEN)
        return Snapshot(State.CAPTURED, movements)

    def cancel(self, payment: Payment) -> None:
        """Nobody can keep a transfer from coming; one that comes late is treated as late money."""

    def refund(self, refund: Refund) -> str:
        """Staff send it by hand and note the booking, which completes the refund."""
        return ""

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        raise InvalidWebhookSignature
