"""Money that comes late, twice, too little or unheard of: it finds its order or goes back."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.permissions.models import Entitlement
from core.context import Actor
from core.money import Money
from core.testing import events_named, no_event
from shop.audit import queries as audit
from shop.cart.models import Cart
from shop.checkout import services as checkout
from shop.order_management import order_queries as queries
from shop.order_management.services import orders
from shop.orders.models import Order
from shop.payments.models import Payment, Refund, SandboxCharge
from shop.payments.providers import sandbox
from shop.payments.providers.sandbox import Outcome
from shop.payments.services import payments, refunds
from shop.stock.models import StockLevel
from shop.tests.factories import SYSTEM, VariantFactory, cart_with, get_quote_hash, paid, place, settle, start
from shop.tests.fakes import FlakySandbox

pytestmark = pytest.mark.usefixtures("sums_hold")


class TestLateAndDouble:
    def test_money_for_an_expired_order_revives_it_while_there_is_stock(self, flaky: FlakySandbox) -> None:
        order = place({VariantFactory(stock=1): 1})
        attempt = start(order)
        expire(order)
        assert StockLevel.objects.get().reserved == 0

        late(attempt)

        order.refresh_from_db()
        assert (order.status, order.closed_at) == ("paid", None)
        assert StockLevel.objects.get().reserved == 1
        assert order.cart.status == Cart.Status.ORDERED
        assert len(events_named("order.paid")) == 1
        assert not Refund.objects.exists()

    def test_money_for_an_expired_order_goes_back_when_the_piece_is_gone(self, deliver_events: Any) -> None:
        variant = VariantFactory(stock=1)
        order = place({variant: 1})
        attempt = start(order)
        expire(order)
        other = paid({variant: 1})

        late(attempt)
        deliver_events()

        order.refresh_from_db()
        assert order.status == "expired"
        returned = Refund.objects.get()
        assert (returned.cause, returned.state, returned.amount) == ("surplus", "done", order.total)
        assert [event.subject_id for event in events_named("order.paid")] == [other.number]
        assert [event.subject_id for event in events_named("payment.returned")] == [order.number]
        assert no_event("order.refunded")
        assert Entitlement.objects.filter(source_id=order.number).count() == 0

    def test_money_partly_refunded_at_the_provider_before_the_rest_goes_back(self, deliver_events: Any) -> None:
        variant = VariantFactory(stock=1)
        order = place({variant: 1})
        attempt = start(order)
        expire(order)
        paid({variant: 1})
        charge = SandboxCharge.objects.get(ref=attempt.provider_ref)
        charge.refunds.create(ref="desk", idempotency_key="desk", amount=500, created_at=timezone.now())

        late(attempt)
        deliver_events()

        attempt.refresh_from_db()
        assert (attempt.captured, attempt.refunded) == (order.total, order.total)
        assert [drift for drift in audit.find_drift() if drift.subject == order.number] == []

    def test_money_for_an_expired_order_goes_back_when_its_cart_was_ordered_again(self) -> None:
        order = place({VariantFactory(stock=5): 1})
        attempt = start(order)
        expire(order)
        opened = Cart.objects.select_related("market", "shipping_method").get(pk=order.cart_id)
        again = checkout.place_order(
            cart_id=opened.pk, quote_hash=get_quote_hash(opened), provider="sandbox", by=Actor.guest()
        )

        late(attempt)

        order.refresh_from_db()
        again.refresh_from_db()
        assert (order.status, again.status) == ("expired", "pending_payment")
        assert Refund.objects.get().cause == "surplus"

    def test_money_that_comes_twice_goes_back_once(self, deliver_events: Any) -> None:
        order = place()
        first = settle(start(order), Outcome.DECLINE)
        second = settle(start(order))

        late(first)
        deliver_events()

        first.refresh_from_db()
        second.refresh_from_db()
        assert (second.captured, second.refunded) == (3890, 0)
        assert (first.status, first.captured, first.refunded) == ("captured", 3890, 3890)
        assert len(events_named("order.paid")) == len(events_named("payment.returned")) == 1
        order.refresh_from_db()
        assert order.status == "paid"
        (order,) = queries.prefetch_order_details(Order.objects.filter(pk=order.pk))
        assert queries.get_payment_summary(order).paid == Money(3890, "EUR")

    def test_money_returned_at_the_providers_own_desk_is_not_a_refund_of_the_order(self, flaky: FlakySandbox) -> None:
        order = place()
        first = settle(start(order), Outcome.DECLINE)
        settle(start(order))
        late(first)
        charge = SandboxCharge.objects.get(ref=first.provider_ref)
        charge.refunds.create(ref="by-hand", idempotency_key="theirs", amount=charge.amount)

        payments.sync_payment(payment_id=first.pk, by=SYSTEM)

        states = Refund.objects.order_by("id").values_list("cause", "state")
        assert list(states) == [("surplus", "failed"), ("surplus", "done")]
        assert no_event("order.refunded")

    def test_too_little_money_goes_back(self) -> None:
        order = place()
        attempt = start(order)
        SandboxCharge.objects.update(amount=100)

        settle(attempt)

        order.refresh_from_db()
        assert order.status == "pending_payment"
        assert Refund.objects.get().amount == 100


class TestSweep:
    def test_lost_news_are_made_up_for(self) -> None:
        order = place()
        attempt = start(order)
        sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY, webhook_delays=())
        later = timezone.now() + payments.SYNC_INTERVAL * 2

        assert payments.sync_open_payments(by=SYSTEM, now=later) == 1

        order.refresh_from_db()
        assert order.status == "paid"
        assert payments.sync_open_payments(by=SYSTEM, now=later) == 0

    def test_one_silent_provider_does_not_stop_the_sweep(self, flaky: FlakySandbox) -> None:
        start(place())
        flaky.silent = {"fetch"}

        assert payments.sync_open_payments(by=SYSTEM, now=timezone.now() + payments.SYNC_INTERVAL * 2) == 0

    def test_an_attempt_beside_a_paid_order_is_cancelled(self) -> None:
        order = place()
        first = settle(start(order), Outcome.DECLINE)
        second = start(order)
        late(first)

        payments.sync_open_payments(by=SYSTEM, now=timezone.now() + payments.SYNC_INTERVAL * 2)

        second.refresh_from_db()
        assert second.status == "cancelled"
        assert not Refund.objects.exists()

    def test_the_sweep_asks_one_statement_for_what_is_due(self, django_assert_max_num_queries: Any) -> None:
        for _ in range(3):
            place()

        with django_assert_max_num_queries(1):
            payments.sync_open_payments(by=SYSTEM)


def expire(order: Order) -> None:
    assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 1
    order.refresh_from_db()
    assert order.status == "expired"


def late(attempt: Payment) -> Payment:
    """The bank took the money after all, whatever it had said before."""
    SandboxCharge.objects.filter(ref=attempt.provider_ref).update(status="succeeded", settled_at=timezone.now())
    return payments.sync_payment(payment_id=attempt.pk, by=SYSTEM)


def test_a_cart_is_open_again_after_its_order_expired() -> None:
    opened = cart_with({VariantFactory(): 1})
    order = checkout.place_order(
        cart_id=opened.pk, quote_hash=get_quote_hash(opened), provider="sandbox", by=Actor.guest()
    )

    expire(order)

    opened.refresh_from_db()
    assert opened.status == Cart.Status.OPEN
    with pytest.raises(refunds.NothingToRefund):
        refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)
