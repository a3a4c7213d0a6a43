"""A provider for development, demo and tests, with its own book and its own hosted page.

It behaves like a bank across the street: it remembers keys, it decides on its page, and it posts signed webhooks to
the shop's address that may come at once, twice, late or never. `settle` is what its hosted page does.
"""

import hashlib
import hmac
import json
import re
import secrets
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import ClassVar

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, NotFound
from core.task_queue import enqueue_best_effort
from shop.payments.models import LedgerEntry, Payment, Refund, SandboxCharge, SandboxRefund
from shop.payments.providers.base import (
    CreatedPayment,
    InvalidWebhookSignature,
    Movement,
    ProviderEvent,
    ProviderRefused,
    Snapshot,
    State,
    UnrecognisedWebhook,
)

SIGNATURE_HEADER = "Sandbox-Signature"
EVENT_ID_PATTERN = re.compile(r"[-\w]{1,120}", re.ASCII)
TIMEOUT_SECONDS = 10
OPEN_STATUSES = (SandboxCharge.Status.OPEN, SandboxCharge.Status.NEEDS_STEP)
STATES = {
    SandboxCharge.Status.OPEN: State.OPEN,
    SandboxCharge.Status.NEEDS_STEP: State.OPEN,
    SandboxCharge.Status.SUCCEEDED: State.CAPTURED,
    SandboxCharge.Status.DECLINED: State.DECLINED,
    SandboxCharge.Status.CANCELLED: State.CANCELLED,
}


class Outcome(StrEnum):
    """What happens on the hosted page."""

    PAY = "pay"
    DECLINE = "decline"
    SECOND_STEP = "second_step"


class UnknownCharge(NotFound):
    code = "unknown_charge"


class ChargeClosed(Conflict):
    code = "charge_closed"
    message = _("This payment has already ended.")


class Sandbox:
    code: ClassVar[str] = "sandbox"
    name: ClassVar[str | Promise] = _("Card (sandbox)")
    hold: ClassVar[timedelta] = timedelta(minutes=30)
    guest_hold: ClassVar[timedelta] = timedelta(minutes=30)
    polled: ClassVar[bool] = True
    pays_at_once: ClassVar[bool] = True

    def create(self, payment: Payment, return_url: str) -> CreatedPayment:
        charge, _made = SandboxCharge.objects.get_or_create(
            idempotency_key=payment.idempotency_key,
            defaults={
                "ref": f"sbx_{secrets.token_urlsafe(15)}",
                "description": payment.order.number,
                "return_url": return_url,
                "currency": payment.currency,
                "amount": payment.amount,
                "created_at": payment.created_at,
            },
        )
        return CreatedPayment(charge.ref, reverse("shop:sandbox", args=[charge.ref]))

    def fetch(self, payment: Payment) -> Snapshot:
        charge = SandboxCharge.objects.filter(ref=payment.provider_ref).prefetch_related("refunds").first()
        if charge is None:
            raise ProviderRefused(reason="unknown_charge")
        movements = [
            Movement(LedgerEntry.Kind.REFUND, refund.ref, refund.amount, refund.created_at, refund.idempotency_key)
            for refund in charge.refunds.all()
        ]
        if charge.status == SandboxCharge.Status.SUCCEEDED and charge.settled_at:
            movements.insert(0, Movement(LedgerEntry.Kind.CAPTURE, charge.ref, charge.amount, charge.settled_at))
        return Snapshot(STATES[SandboxCharge.Status(charge.status)], tuple(movements), charge.decline_code)

    def cancel(self, payment: Payment) -> None:
        SandboxCharge.objects.filter(ref=payment.provider_ref, status__in=OPEN_STATUSES).update(
            status=SandboxCharge.Status.CANCELLED
        )

    @transaction.atomic
    def refund(self, refund: Refund) -> str:
        charge = SandboxCharge.objects.select_for_update().filter(ref=refund.payment.provider_ref).first()
        if charge is None or charge.status != SandboxCharge.Status.SUCCEEDED:
            raise ProviderRefused(reason="unknown_charge")
        booked = {row.idempotency_key: row for row in charge.refunds.all()}
        if refund.idempotency_key in booked:
            return booked[refund.idempotency_key].ref
        if sum(row.amount for row in booked.values()) + refund.amount > charge.amount:
            raise ProviderRefused(reason="amount_too_large")
        made = SandboxRefund.objects.create(
            charge=charge,
            ref=f"sbr_{secrets.token_urlsafe(15)}",
            idempotency_key=refund.idempotency_key,
            amount=refund.amount,
            created_at=refund.created_at,
        )
        return made.ref

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        if not constant_time_compare(sign_webhook(body), headers.get(SIGNATURE_HEADER, "")):
            raise InvalidWebhookSignature
        try:
            message = json.loads(body)
            event_id, ref = message["id"], message["ref"]
        except (ValueError, KeyError, TypeError):
            raise UnrecognisedWebhook from None
        if not (isinstance(event_id, str) and EVENT_ID_PATTERN.fullmatch(event_id) and isinstance(ref, str)):
            raise UnrecognisedWebhook
        return ProviderEvent(event_id, ref)


def get_charge(ref: str) -> SandboxCharge:
    """The charge a hosted page is about. Raises UnknownCharge."""
    charge = SandboxCharge.objects.filter(ref=ref).first()
    if charge is None:
        raise UnknownCharge
    return charge


@transaction.atomic
def settle_charge(
    *, ref: str, outcome: Outcome, now: datetime | None = None, webhook_delays: Sequence[int] = (0,)
) -> SandboxCharge:
    """What a click on the hosted page does: book the outcome, then tell the shop by webhook.

    `webhook_delays` gives a delay in seconds for each copy of the webhook: (0, 0) sends it twice, (3600,) late, ()
    never. Locks the charge. Raises UnknownCharge, ChargeClosed.
    """
    charge = SandboxCharge.objects.select_for_update().filter(ref=ref).first()
    if charge is None:
        raise UnknownCharge
    if charge.status not in OPEN_STATUSES:
        raise ChargeClosed
    charge.status = {
        Outcome.PAY: SandboxCharge.Status.SUCCEEDED,
        Outcome.DECLINE: SandboxCharge.Status.DECLINED,
        Outcome.SECOND_STEP: SandboxCharge.Status.NEEDS_STEP,
    }[Outcome(outcome)]
    charge.decline_code = "card_declined" if outcome == Outcome.DECLINE else ""
    charge.settled_at = None if charge.status in OPEN_STATUSES else now or timezone.now()
    charge.save(update_fields=["status", "decline_code", "settled_at"])
    if charge.settled_at:
        body = json.dumps({"id": f"sbe_{secrets.token_urlsafe(15)}", "ref": ref})
        for delay in webhook_delays:
            transaction.on_commit(partial(_send, body, delay), robust=True)
    return charge


def sign_webhook(body: bytes) -> str:
    """The signature a webhook of the sandbox carries."""
    return hmac.new(settings.SECRET_KEY.encode(), b"shop.sandbox:" + body, hashlib.sha256).hexdigest()


def post_webhook(body: bytes) -> None:
    """Bring a signed message to the shop's door, over the network as any provider does. Raises OSError."""
    where = f"{settings.SITE_URL}{reverse('shop:provider_webhook', args=[Sandbox.code])}"
    headers = {SIGNATURE_HEADER: sign_webhook(body), "Content-Type": "application/json"}
    # The address is our own, from the settings.
    asked = urllib.request.Request(where, body, headers, method="POST")  # noqa: S310
    urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS).close()  # noqa: S310


def _send(body: str, delay: int) -> None:
    enqueue_best_effort("shop.send_sandbox_webhook", body, delay=delay)
