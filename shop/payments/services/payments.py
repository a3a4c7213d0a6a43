"""Attempts to pay. The functions here talk to providers, so they run outside transactions; what they learn is applied
by `settlement.settle` in one. Each can be repeated at any time: the payment's key makes the provider do it once.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Conflict, Denied, DomainError
from core.ids import uuid7
from shop.orders.models import Order
from shop.payments import providers
from shop.payments.models import Payment
from shop.payments.providers.base import ProviderRefused, Snapshot, State
from shop.payments.services import holds, settlement

log = structlog.get_logger(__name__)

SYNC_INTERVAL = timedelta(seconds=45)


class OrderNotPayable(Conflict):
    code = "order_not_payable"
    message = _("This order is not awaiting payment.")


def pay_order(*, order_id: int, provider: str, return_url: str, by: Actor, now: datetime | None = None) -> Payment:
    """The attempt the customer is to complete, at its `action_url`: the live one of this provider, or a new one.

    An attempt with another provider is cancelled first; when it turns out to be paid, that one is the answer. The buyer
    may pay, and staff who may cancel. Locks the order. Raises Denied, OrderNotPayable, providers.UnknownProvider,
    ProviderUnavailable; to pay slowly also holds.TooMuchOnHold and holds.TransferNotOffered.
    """
    now = now or timezone.now()
    providers.get_offered_provider(provider)
    if not Order.objects.get(pk=order_id).can_be_managed_by(by):
        raise Denied(required_permission="shop.cancel_order")
    _check_hold_limits(order_id, provider)
    for live in Payment.objects.live().filter(order=order_id).exclude(provider=provider):
        cancelled = cancel_attempt(payment_id=live.pk, by=by, now=now)
        if cancelled.status == Payment.Status.CAPTURED:
            return cancelled
    payment = _get_or_add_attempt(order_id, provider, now=now)
    return start_payment(payment_id=payment.pk, return_url=return_url, by=by, now=now)


def start_payment(*, payment_id: int, return_url: str, by: Actor, now: datetime | None = None) -> Payment:
    """Make the attempt known to its provider; one that is known already stays as it is.

    A clear refusal declines the attempt. Raises ProviderUnavailable: then nothing is known, and calling again is safe.
    """
    now = now or timezone.now()
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if payment.status != Payment.Status.CREATED or payment.provider_ref:
        return payment
    provider = providers.get_provider_outside_transaction(payment.provider)
    try:
        started = provider.create(payment, return_url)
    except ProviderRefused as refusal:
        declined = Snapshot(State.DECLINED, decline_code=str(refusal.details.get("reason", "")))
        return settlement.settle(payment_id=payment_id, snapshot=declined, by=by, now=now)
    payment = _save_reference(payment_id, started.ref, started.url)
    if not payment.is_live:
        # Cancelled while the provider was being asked: what it began must not stay payable.
        provider.cancel(payment)
    return payment


def sync_payment(*, payment_id: int, by: Actor, now: datetime | None = None) -> Payment:
    """Ask the provider how the attempt stands and apply it: the only way a payment moves. Call it as often as you like.

    Raises ProviderUnavailable, ProviderRefused; records what settlement.settle records.
    """
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if not payment.provider_ref:
        return payment
    snapshot = providers.get_provider_outside_transaction(payment.provider).fetch(payment)
    return settlement.settle(payment_id=payment_id, snapshot=snapshot, by=by, now=now or timezone.now())


def cancel_attempt(*, payment_id: int, by: Actor, now: datetime | None = None) -> Payment:
    """Make an attempt unpayable at the provider, then close it here; if it has been paid meanwhile, it is captured.

    Raises ProviderUnavailable: then it may still be paid, and nothing may be built on its end.
    """
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if not payment.is_live:
        return payment
    snapshot = Snapshot(State.CANCELLED)
    if payment.provider_ref:
        provider = providers.get_provider_outside_transaction(payment.provider)
        provider.cancel(payment)
        snapshot = provider.fetch(payment)
        if snapshot.state == State.OPEN:
            snapshot = replace(snapshot, state=State.CANCELLED)
    now = now or timezone.now()
    ended = settlement.settle(payment_id=payment_id, snapshot=snapshot, by=by, now=now)
    if ended.status == Payment.Status.CANCELLED and not providers.get_provider(ended.provider).polled:
        # A part that was waiting for the rest goes back now.
        return sync_payment(payment_id=payment_id, by=by, now=now)
    return ended


def sync_open_payments(*, by: Actor, now: datetime | None = None, limit: int = 100) -> int:
    """Ask about live attempts whose news may have got lost, longest unasked first; returns how many were asked.

    An attempt beside an order that waits no more is cancelled. A provider that does not answer is asked next time.
    """
    now = now or timezone.now()
    polled = [provider.code for provider in providers.get_offered_providers() if provider.polled]
    live = Payment.objects.live().filter(~Q(provider_ref=""), provider__in=polled).select_related("order")
    due = live.filter(
        Q(synced_at__isnull=True, created_at__lt=now - SYNC_INTERVAL) | Q(synced_at__lt=now - SYNC_INTERVAL)
    )
    asked = 0
    for payment in due.order_by(F("synced_at").asc(nulls_first=True), "id")[:limit]:
        waiting = payment.order.status == Order.Status.PENDING_PAYMENT
        ask = sync_payment if waiting else cancel_attempt
        try:
            ask(payment_id=payment.pk, by=by, now=now)
            asked += 1
        except DomainError as refusal:
            log.warning("payment_not_synced", payment=str(payment.uid), code=refusal.code)
        except Exception:
            log.exception("payment_not_synced", payment=str(payment.uid))
    return asked


@transaction.atomic
def _get_or_add_attempt(order_id: int, provider: str, *, now: datetime) -> Payment:
    order = Order.objects.locked().select_related("user").get(pk=order_id)
    if order.status != Order.Status.PENDING_PAYMENT:
        raise OrderNotPayable
    live = order.payments.live().first()
    if live is not None:
        return live
    _check_hold_limits(order_id, provider)
    hold = holds.get_hold_duration(providers.get_provider(provider), is_confirmed=holds.has_confirmed_email(order.user))
    order.expires_at = max(order.expires_at, now + hold)
    order.save(update_fields=["expires_at"])
    return add_payment(order, provider, now=now)


@transaction.atomic
def _check_hold_limits(order_id: int, provider: str) -> None:
    """Before an unproven buyer changes to a slow way to pay, which holds the stock for longer."""
    order = Order.objects.select_related("user").get(pk=order_id)
    way = providers.get_provider(provider)
    goes_on = order.payments.live().filter(provider=provider).exists()
    if (
        way.pays_at_once
        or goes_on
        or order.status != Order.Status.PENDING_PAYMENT
        or holds.has_confirmed_email(order.user)
    ):
        return
    pieces, total = holds.count_stock_items(order.lines.all()), order.money(order.total)
    holds.check_hold_limits(
        email=order.email, network=order.network, items=pieces, total=total, provider=way, except_order=order.pk
    )


@transaction.atomic
def _save_reference(payment_id: int, ref: str, url: str) -> Payment:
    payment = Payment.objects.locked().select_related("order").get(pk=payment_id)
    if not payment.provider_ref:
        payment.provider_ref, payment.action_url = ref, url
        if payment.status == Payment.Status.CREATED:
            payment.status = Payment.Status.PENDING
        payment.save(update_fields=["provider_ref", "action_url", "status"])
    return payment


def add_payment(order: Order, provider: str, *, now: datetime) -> Payment:
    """A new attempt to pay an order. The order is locked by the caller, and has no other live one."""
    uid = uuid7()
    return Payment.objects.create(
        uid=uid,
        order=order,
        provider=provider,
        currency=order.currency,
        amount=order.total,
        idempotency_key=f"payment:{uid}",
        created_at=now,
    )
