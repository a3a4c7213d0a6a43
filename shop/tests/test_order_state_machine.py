"""Whatever people, staff and providers do, in whatever order: every sum of the shop holds after each step."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.errors import DomainError
from core.events.models import Event
from shop.audit import queries as audit
from shop.catalogue.models import Variant
from shop.order_management.services import fulfilment, orders
from shop.orders.models import Order, OrderLine
from shop.orders.services import lifecycle
from shop.payments.models import LedgerEntry, Payment, Refund, SandboxCharge
from shop.payments.providers import sandbox
from shop.payments.providers.sandbox import Outcome
from shop.payments.services import payments, refunds
from shop.stock import services as stock
from shop.stock.models import StockLevel
from shop.tests.factories import SYSTEM, VariantFactory, place, set_stock

PICK = st.integers(0, 1000)
FEW = st.integers(1, 3)


class Shop(RuleBasedStateMachine):
    """A small shop in one transaction that is rolled back at the end of each course."""

    now: datetime
    variants: list[Variant]

    def __init__(self) -> None:
        super().__init__()
        self.course = transaction.atomic()
        # The transaction around a test, to Django and to the guard around providers.
        self.course._from_testcase = True  # type: ignore[attr-defined]
        self.course.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.course.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        self.now = timezone.now()
        self.variants = [VariantFactory(price=price, stock=4) for price in (3400, 999)]
        set_stock(self.variants[1], 0, backorders=2)

    @rule(first=st.integers(0, 3), second=st.integers(0, 3), outcome=st.none() | st.sampled_from(Outcome))
    def buy(self, first: int, second: int, outcome: Outcome | None) -> None:
        """Place an order and, with an outcome, go to the provider's page and come back."""
        pieces = {variant: n for variant, n in zip(self.variants, (first, second), strict=True) if n}
        order = self.attempt(lambda: place(pieces, now=self.now)) if pieces else None
        if order and outcome:
            self.settle(self.start(order), outcome)

    @rule(pick=PICK)
    def go_to_the_provider(self, pick: int) -> None:
        order = self.one(Order.objects.filter(status="pending_payment"), pick)
        self.attempt(
            lambda: (
                order
                and payments.pay_order(order_id=order.pk, provider="sandbox", return_url="/", by=SYSTEM, now=self.now)
            )
        )

    @rule(pick=PICK, outcome=st.sampled_from(Outcome))
    def decide_and_close_the_browser(self, pick: int, outcome: Outcome) -> None:
        charge = self.one(SandboxCharge.objects.filter(status__in=["open", "needs_step"]), pick)
        if charge:
            sandbox.settle_charge(ref=charge.ref, outcome=outcome, now=self.now, webhook_delays=())

    @rule(pick=PICK)
    def take_the_money_after_all(self, pick: int) -> None:
        charge = self.one(SandboxCharge.objects.exclude(status="succeeded"), pick)
        if charge:
            SandboxCharge.objects.filter(pk=charge.pk).update(status="succeeded", settled_at=self.now)

    @rule(pick=PICK)
    def hear_any_news_again(self, pick: int) -> None:
        attempt = self.one(Payment.objects.exclude(provider_ref=""), pick)
        if attempt:
            self.hear(attempt)

    @rule(pick=PICK, quantity=FEW, restock=st.booleans(), carried_out=st.booleans())
    def refund_pieces(self, pick: int, quantity: int, restock: bool, carried_out: bool) -> None:
        line = self.one(OrderLine.objects.filter(order__status__in=Order.CONFIRMED), pick)
        if line:
            lines = {str(line.uid): min(quantity, line.refundable_quantity)}
            about = {"order_id": line.order_id, "lines": lines, "restock": restock, "reason": "x"}
            made = self.attempt(lambda: refunds.request_refund(**about, by=SYSTEM, now=self.now))
            if made and carried_out:
                self.attempt(lambda: refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM, now=self.now))

    @rule(pick=PICK)
    def refund_the_rest(self, pick: int) -> None:
        order = self.one(Order.objects.filter(paid_at__isnull=False), pick)
        if order:
            self.attempt(lambda: refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM, now=self.now))

    @rule(pick=PICK)
    def carry_a_refund_out(self, pick: int) -> None:
        made = self.one(Refund.objects.all(), pick)
        if made:
            self.attempt(lambda: refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM, now=self.now))

    @rule(pick=PICK)
    def give_back_at_the_providers_desk(self, pick: int) -> None:
        charge = self.one(SandboxCharge.objects.filter(status="succeeded"), pick)
        left = charge.amount - sum(row.amount for row in charge.refunds.all()) if charge else 0
        if charge and left:
            ref = f"desk-{charge.refunds.count()}-{charge.pk}"
            charge.refunds.create(ref=ref, idempotency_key=ref, amount=min(left, 500), created_at=self.now)

    @rule(pick=PICK, quantity=FEW)
    def send(self, pick: int, quantity: int) -> None:
        line = self.one(OrderLine.objects.to_send().filter(order__status__in=Order.CONFIRMED), pick)
        if line:
            self.attempt(
                lambda: fulfilment.fulfil_order(
                    order_id=line.order_id, lines={str(line.uid): quantity}, by=SYSTEM, now=self.now
                )
            )

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        order = self.one(Order.objects.all(), pick)
        if order:
            self.attempt(lambda: orders.cancel_order(order_id=order.pk, by=SYSTEM, now=self.now))

    @rule(minutes=st.sampled_from([1, 20, 60]))
    def let_time_pass(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        orders.expire_orders(by=SYSTEM, now=self.now)

    @rule()
    def sweep(self) -> None:
        self.now += timedelta(minutes=1)
        payments.sync_open_payments(by=SYSTEM, now=self.now)
        refunds.carry_out_open_refunds(by=SYSTEM, now=self.now)

    @rule(change=st.integers(-3, 3).filter(bool), pick=PICK)
    def count_the_shelf(self, change: int, pick: int) -> None:
        variant = self.variants[pick % 2]
        key = f"count-{StockLevel.objects.count()}-{Event.objects.count()}"
        self.attempt(lambda: stock.adjust_stock(sku=variant.sku, change=change, key=key, note="x", by=SYSTEM))

    @precondition(lambda self: hasattr(self, "now"))
    @invariant()
    def sums_hold(self) -> None:
        assert audit.find_drift() == []

    @precondition(lambda self: hasattr(self, "now"))
    @invariant()
    def states_follow_money_and_pieces(self) -> None:
        for order in Order.objects.all():
            kept = (order.payment_status, order.fulfilment_status)
            with transaction.atomic():  # settling also moves the status, which waits for a pending refund
                lifecycle.update_statuses(order, now=self.now)
                transaction.set_rollback(True)
            assert (order.payment_status, order.fulfilment_status) == kept

    @precondition(lambda self: hasattr(self, "now"))
    @invariant()
    def no_order_says_twice_that_it_was_paid_and_no_money_is_booked_twice(self) -> None:
        told = list(Event.objects.filter(name="order.paid").values_list("subject_id", flat=True))
        assert len(told) == len(set(told))
        booked = LedgerEntry.objects.filter(kind="capture").values_list("provider_txn", flat=True)
        assert len(booked) == len(set(booked))

    def start(self, order: Order) -> Payment | None:
        about = {"order_id": order.pk, "provider": "sandbox", "return_url": "/"}
        return self.attempt(lambda: payments.pay_order(**about, by=SYSTEM, now=self.now))

    def settle(self, attempt: Payment | None, outcome: Outcome) -> None:
        if attempt:
            sandbox.settle_charge(ref=attempt.provider_ref, outcome=outcome, now=self.now, webhook_delays=())
            self.hear(attempt)

    def hear(self, attempt: Payment) -> None:
        self.attempt(lambda: payments.sync_payment(payment_id=attempt.pk, by=SYSTEM, now=self.now))

    def attempt(self, act: Callable[[], Any]) -> Any:
        """What the service gives, or None: what it refuses it leaves as it was, which the invariants see."""
        try:
            return act()
        except DomainError:
            return None

    def one(self, rows: Any, pick: int) -> Any:
        """One of the rows, or None."""
        found = list(rows.order_by("pk"))
        return found[pick % len(found)] if found else None


def test_every_sum_holds_after_every_step(db: None) -> None:
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_at_the_end_of_a_quiet_day_nothing_is_left_half_done(db: None) -> None:
    """A control: the same steps in their natural order do what they say."""
    shop = Shop()
    try:
        shop.open()
        shop.buy(2, 1, Outcome.PAY)
        shop.send(0, 2)
        shop.refund_the_rest(0)
        shop.carry_a_refund_out(0)

        order = Order.objects.get()
        assert (order.status, order.payments.get().refunded) == ("refunded", order.total)
        assert list(StockLevel.objects.order_by("id").values_list("on_hand", "reserved")) == [(2, 0), (4, 0)]
    finally:
        shop.teardown()


pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
