"""What the shop asks of a payment provider, and what it hears back.

A provider keeps the money and the truth about it. The shop asks for a snapshot and derives everything from that:
never from the order in which news arrive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, Denied, Invalid, Unavailable
from shop.payments.models import Payment, Refund


class ProviderUnavailable(Unavailable):
    """No answer: the outcome is unknown, and the same call with the same key may be made again."""

    code = "provider_unavailable"
    message = _("The payment provider is not responding. You have not been charged twice. Try again in a moment.")


class ProviderRefused(Conflict):
    """A clear no. `reason` in the details is the provider's own code."""

    code = "provider_refused"
    message = _("The payment provider declined the request.")


class InvalidWebhookSignature(Denied):
    code = "forged_webhook"
    status = 400
    message = _("The webhook signature is invalid.")


class UnrecognisedWebhook(Invalid):
    """Signed by the provider, and yet not what it is known to send."""

    code = "unreadable_webhook"
    message = _("Unrecognised webhook payload.")


class State(StrEnum):
    """How an attempt to pay stands at the provider."""

    OPEN = "open"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CreatedPayment:
    """An attempt the provider knows of: its reference, and where the customer pays (empty: nothing to click)."""

    ref: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that moved: `kind` is "capture" or "refund", `txn` the provider's unique name for it, `amount` in minor
    units. `key` is the key of our refund that caused it, empty when it was caused elsewhere.
    """

    kind: str
    txn: str
    amount: int
    at: datetime
    key: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole truth about one attempt at one moment."""

    state: State
    movements: tuple[Movement, ...] = ()
    decline_code: str = ""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What a webhook says: which event it is, and which of the provider's objects to look at."""

    event_id: str
    ref: str


class PaymentProvider(Protocol):
    """One way to pay. Calls may raise ProviderUnavailable or ProviderRefused and are safe to repeat."""

    code: ClassVar[str]
    name: ClassVar[str | Promise]
    # How long an unpaid order keeps its stock.
    hold: ClassVar[timedelta]
    # The same for a buyer without a confirmed address.
    guest_hold: ClassVar[timedelta]
    # Whether the sweep asks for snapshots in case news got lost.
    polled: ClassVar[bool]
    # Whether the customer pays in the same visit; otherwise the last step only places the order.
    pays_at_once: ClassVar[bool]

    def create(self, payment: Payment, return_url: str) -> CreatedPayment:
        """Begin an attempt; the payment's key makes a repeated call return the same one."""
        ...

    def fetch(self, payment: Payment) -> Snapshot:
        """How the attempt stands."""
        ...

    def cancel(self, payment: Payment) -> None:
        """Make it impossible to pay this attempt, unless it is paid already: the next snapshot tells."""
        ...

    def refund(self, refund: Refund) -> str:
        """Refund; the refund's key makes a repeated call do it once. Returns the provider's reference."""
        ...

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Check the signature and read what the message is about. Raises ForgedWebhook and UnreadableWebhook."""
        ...


def require_no_transaction() -> None:
    """Raise RuntimeError inside a transaction: a provider is never asked while locks are held."""
    # Entering a durable block sends nothing to the database; Django lets the one around a test pass.
    with transaction.atomic(durable=True):
        pass
