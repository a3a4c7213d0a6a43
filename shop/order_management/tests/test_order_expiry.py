"""Orders nobody pays: stock goes back only when nobody can pay any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.context import Actor
from core.errors import Denied
from core.testing import events_named, failures, no_event, race, snapshot
from shop.cart import services as cart
from shop.cart.models import Cart
from shop.order_management.services import orders
from shop.order_management.services.orders import LEASE_DURATION, OrderNotCancellable
from shop.orders.models import Order
from shop.payments.models import SandboxCharge
from shop.payments.providers import sandbox
from shop.payments.providers.sandbox import Outcome
from shop.payments.services import payments
from shop.stock.models import StockLevel
from shop.tests.factories import SYSTEM, VariantFactory, cart_with, paid, place, start
from shop.tests.fakes import FlakySandbox

pytestmark = pytest.mark.usefixtures("sums_hold")


def test_an_unpaid_order_expires_and_frees_its_stock_and_its_cart() -> None:
    order = place({VariantFactory(stock=1): 1})
    start(order)

    assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 1

    order.refresh_from_db()
    assert (order.status, order.closed_at) == ("expired", order.expires_at - LEASE_DURATION)
    assert order.payments.get().status == "cancelled"
    assert SandboxCharge.objects.get().status == "cancelled"
    assert StockLevel.objects.get().reserved == 0
    assert Cart.objects.get().status == Cart.Status.OPEN
    assert events_named("order.expired")[0].subject_id == order.number


def test_before_its_time_nothing_expires() -> None:
    order = place()

    assert orders.expire_orders(by=SYSTEM, now=order.expires_at - timedelta(seconds=1)) == 0

    assert no_event("order.expired")


def test_money_found_while_expiring_confirms_the_order() -> None:
    order = place()
    attempt = start(order)
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY, webhook_delays=())

    assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 0

    order.refresh_from_db()
    assert order.status == "paid"
    assert StockLevel.objects.get().reserved == 1


def test_while_the_provider_does_not_answer_the_hold_goes_on(flaky: FlakySandbox) -> None:
    order = place()
    start(order)
    due = order.expires_at
    flaky.silent = {"cancel"}

    assert orders.expire_orders(by=SYSTEM, now=due) == 0

    order.refresh_from_db()
    assert (order.status, order.expires_at) == ("pending_payment", due + LEASE_DURATION)
    assert StockLevel.objects.get().reserved == 1
    flaky.silent = set()
    assert orders.expire_orders(by=SYSTEM, now=due) == 0
    assert orders.expire_orders(by=SYSTEM, now=due + LEASE_DURATION) == 1


def test_one_silent_provider_does_not_stop_the_sweep(flaky: FlakySandbox) -> None:
    stuck = place()
    start(stuck)
    free = place(provider="bank_transfer")
    flaky.silent = {"cancel"}

    assert orders.expire_orders(by=SYSTEM, now=free.expires_at) == 1

    stuck.refresh_from_db()
    free.refresh_from_db()
    assert (stuck.status, free.status) == ("pending_payment", "expired")


def test_a_sweep_is_bounded() -> None:
    first, *_others = [place() for _ in range(3)]

    assert orders.expire_orders(by=SYSTEM, now=first.expires_at + timedelta(hours=1), limit=2) == 2
    assert Order.objects.filter(status="pending_payment").count() == 1


def test_the_cart_stays_closed_when_the_person_has_begun_another(customer: Any) -> None:
    order = place(user=customer)
    begun, _token = cart.open_cart(by=Actor.person(customer))

    orders.expire_orders(by=SYSTEM, now=order.expires_at)

    assert list(Cart.objects.open()) == [begun]


def test_a_customer_cancels_and_has_the_cart_back(customer: Any) -> None:
    order = place(user=customer)

    cancelled = orders.cancel_order(order_id=order.pk, by=Actor.person(customer))

    assert cancelled.status == "cancelled"
    assert StockLevel.objects.get().reserved == 0
    assert Cart.objects.get().status == Cart.Status.OPEN
    assert events_named("order.cancelled")[0].actor_id == str(customer.uid)


def test_nobody_cancels_or_pays_the_order_of_another(customer: Any, stranger: Any, agent: Any) -> None:
    order = place(user=customer)
    before = snapshot("shop.Order", "shop.Payment", "shop.Reservation", "core.Event")

    for by in (Actor.person(stranger), Actor.person(agent), Actor.guest()):
        with pytest.raises(Denied):
            orders.cancel_order(order_id=order.pk, by=by)
        with pytest.raises(Denied):
            payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=by)

    assert snapshot("shop.Order", "shop.Payment", "shop.Reservation", "core.Event") == before


def test_who_sees_all_orders_without_their_links_does_nothing_to_a_guests(agent: Any) -> None:
    order = place()
    before = snapshot("shop.Order", "shop.Payment", "shop.Reservation", "core.Event")

    with pytest.raises(Denied):
        orders.cancel_order(order_id=order.pk, by=Actor.person(agent))
    with pytest.raises(Denied):
        payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=Actor.person(agent))

    assert snapshot("shop.Order", "shop.Payment", "shop.Reservation", "core.Event") == before


def test_a_guest_and_whoever_else_has_the_link_cancels(stranger: Any) -> None:
    first, second = place(), place()

    orders.cancel_order(order_id=first.pk, by=Actor.guest())
    orders.cancel_order(order_id=second.pk, by=Actor.person(stranger))

    assert set(Order.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_paid_order_is_not_cancelled(staff: Any) -> None:
    order = paid()

    with pytest.raises(OrderNotCancellable):
        orders.cancel_order(order_id=order.pk, by=Actor.person(staff))

    assert no_event("order.cancelled")


@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_expire_each_order_once(db: None) -> None:
    placed = [place({VariantFactory(): 1}) for _ in range(6)]
    for order in placed[:3]:
        start(order)
    due = max(order.expires_at for order in placed)

    results = race(*[lambda: orders.expire_orders(by=SYSTEM, now=due)] * 4)

    assert failures(results) == []
    assert sum(results) == 6
    assert len(events_named("order.expired")) == 6


@pytest.mark.django_db(transaction=True)
def test_a_cart_filled_again_while_its_order_expires_does_not_deadlock(db: None) -> None:
    opened = cart_with({VariantFactory(sku="MUG"): 1})
    from shop.checkout import services as checkout
    from shop.tests.factories import get_quote_hash

    order = checkout.place_order(
        cart_id=opened.pk, quote_hash=get_quote_hash(opened), provider="sandbox", by=Actor.guest()
    )

    results = race(
        lambda: orders.expire_orders(by=SYSTEM, now=order.expires_at),
        lambda: cart.add_line(cart_id=opened.pk, sku="MUG", by=Actor.guest()),
        lambda: start(order, now=timezone.now()),
    )

    assert {type(failure) for failure in failures(results)} <= {cart.CartClosed, payments.OrderNotPayable}
    order.refresh_from_db()
    assert StockLevel.objects.get().reserved == (1 if order.status == "pending_payment" else 0)
