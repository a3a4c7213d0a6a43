"""Paying: whatever happens at the provider and on the way, the order and the ledger end up right."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Entitlement
from core.context import Actor
from core.money import Money
from core.testing import events_named, failures, no_event, race, snapshot
from shop import providers
from shop.models import Cart, LedgerEntry, Order, Payment, Product, Refund, Reservation, SandboxCharge, StockLevel
from shop.providers import sandbox
from shop.providers.base import ProviderUnavailable, Snapshot, State
from shop.providers.sandbox import ChargeClosed, Outcome
from shop.queries import orders as queries
from shop.services import checkout, orders, payment, refund, settlement
from shop.services.payment import OrderNotPayable
from shop.tests.factories import SYSTEM, VariantFactory, cart_with, paid, place, quote_hash_of, settle, start
from shop.tests.fakes import FlakySandbox

pytestmark = pytest.mark.usefixtures("sums_hold")
BOOKS = ("shop.Order", "shop.Payment", "shop.LedgerEntry", "shop.Refund", "shop.Reservation", "core.Event")


def only(order: Order) -> Payment:
    return order.payments.get()


class TestPaid:
    def test_money_confirms_the_order_and_opens_what_was_bought(self, customer: Any) -> None:
        mug = VariantFactory(sku="MUG", price=3400)
        order = paid({mug: 2}, user=customer, source=("post", "on-glazes"))

        assert order.status == "paid"
        assert order.paid_at is not None
        assert (only(order).status, only(order).captured) == ("captured", 7290)
        (entry,) = LedgerEntry.objects.all()
        assert (entry.kind, entry.amount, entry.currency) == ("capture", 7290, "EUR")
        assert Reservation.objects.get().state == "committed"
        assert Product.objects.get().popularity == 2
        (event,) = events_named("order.paid")
        assert event.data == {
            "currency": "EUR",
            "amount": 7290,
            "sources": [{"kind": "post", "id": "on-glazes", "amount": 6800}],
            "payment": str(only(order).uid),
        }
        held = Entitlement.objects.get()
        assert (held.user, held.kind, held.subject) == (customer, "product", mug.product.slug)
        assert (held.source_kind, held.source_id) == ("order", order.number)

    def test_a_guests_purchase_waits_at_the_address(self) -> None:
        paid()

        assert Entitlement.objects.get().email == "buyer@example.com"

    def test_digital_things_are_sent_with_the_payment(self) -> None:
        order = paid({VariantFactory(is_digital=True, stock=0): 3})

        assert order.status == "fulfilled"
        assert order.lines.get().quantity_fulfilled == 3

    def test_asking_again_changes_nothing(self) -> None:
        order = paid()
        before = snapshot(*BOOKS[:-2], "core.Event")

        for _ in range(3):
            payment.sync_payment(payment_id=only(order).pk, by=SYSTEM)

        after = snapshot(*BOOKS[:-2], "core.Event")
        for row in (*before["shop.Payment"], *after["shop.Payment"]):
            row.pop("synced_at")
        assert after == before

    def test_a_second_step_keeps_the_order_waiting(self) -> None:
        order = place()
        attempt = settle(start(order), Outcome.SECOND_STEP)

        assert attempt.status == "pending"
        assert settle(attempt, Outcome.PAY).status == "captured"

    def test_the_standing_sums_it_up(self, django_assert_num_queries: Any) -> None:
        number = paid().number

        with django_assert_num_queries(5):
            (order,) = queries.with_everything(Order.objects.filter(number=number))
            standing = queries.standing(order)

        assert (standing.paid, standing.refundable) == (Money(3890, "EUR"), Money(3890, "EUR"))
        assert (standing.live, standing.latest.status) == (None, "captured")
        assert not standing.is_partly_refunded


class TestAttempts:
    def test_starting_again_is_the_same_attempt(self, flaky: FlakySandbox) -> None:
        order = place()

        first, second = start(order), start(order)

        assert first == second
        assert first.action_url.endswith(f"/{first.provider_ref}/")
        assert flaky.calls == ["create"]
        assert SandboxCharge.objects.count() == 1

    def test_no_answer_is_not_a_no(self, flaky: FlakySandbox) -> None:
        """The charge exists but its answer was lost: the same key finds it again."""
        order = place()
        flaky.deaf = {"create"}
        with pytest.raises(ProviderUnavailable):
            start(order)
        assert only(order).status == "created"

        flaky.deaf = set()
        attempt = start(order)

        assert attempt.status == "pending"
        assert SandboxCharge.objects.count() == 1

    def test_a_clear_no_declines_and_another_attempt_may_follow(self, flaky: FlakySandbox) -> None:
        order = place()
        flaky.refusing = {"create"}

        declined = start(order)

        assert (declined.status, declined.decline_code) == ("declined", "not_today")
        flaky.refusing = set()
        assert settle(start(order)).status == "captured"

    def test_a_decline_lets_the_customer_try_again(self) -> None:
        order = place()

        declined = settle(start(order), Outcome.DECLINE)

        assert (declined.status, declined.decline_code) == ("declined", "card_declined")
        (event,) = events_named("payment.declined")
        assert (event.subject_kind, event.subject_id, event.data["code"]) == ("order", order.number, "card_declined")
        order.refresh_from_db()
        assert order.status == "pending_payment"
        assert settle(start(order)).status == "captured"
        order.refresh_from_db()
        assert order.status == "paid"
        assert order.payments.count() == 2

    def test_another_way_to_pay_cancels_the_first_attempt_at_the_provider(self) -> None:
        order = place()
        card = start(order)

        transfer = payment.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

        card.refresh_from_db()
        assert card.status == "cancelled"
        assert SandboxCharge.objects.get().status == "cancelled"
        assert (transfer.status, transfer.provider_ref) == ("pending", order.number)
        with pytest.raises(ChargeClosed):
            sandbox.settle(ref=card.provider_ref, outcome=Outcome.PAY)

    def test_an_attempt_that_was_paid_meanwhile_is_the_answer(self) -> None:
        order = place()
        card = start(order)
        sandbox.settle(ref=card.provider_ref, outcome=Outcome.PAY, news_after=())

        answer = payment.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

        assert (answer.pk, answer.status) == (card.pk, "captured")
        assert order.payments.count() == 1

    def test_a_provider_that_does_not_answer_keeps_the_first_attempt(self, flaky: FlakySandbox) -> None:
        order = place()
        card = start(order)
        flaky.silent = {"cancel"}

        with pytest.raises(ProviderUnavailable):
            payment.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

        assert only(order) == card
        assert only(order).is_live

    def test_an_attempt_cancelled_while_it_was_being_made_is_unpayable(self, flaky: FlakySandbox) -> None:
        order = place()
        flaky.meanwhile = lambda: payment.cancel_attempt(payment_id=only(order).pk, by=SYSTEM)

        attempt = start(order)

        assert attempt.status == "cancelled"
        assert SandboxCharge.objects.get().status == "cancelled"

    def test_a_paid_order_takes_no_further_attempt(self) -> None:
        order = paid()

        with pytest.raises(OrderNotPayable):
            start(order)

        assert order.payments.count() == 1

    def test_a_way_that_is_not_offered_cannot_be_chosen_later(self, settings: Any) -> None:
        order = place(provider="bank_transfer")
        settings.PAYMENT_PROVIDERS = ["bank_transfer"]

        with pytest.raises(providers.UnknownProvider):
            start(order)

        assert only(order).provider == "bank_transfer"

    def test_a_new_attempt_prolongs_the_hold(self) -> None:
        order = place()
        settle(start(order), Outcome.DECLINE)
        later = timezone.now() + providers.known("sandbox").hold / 2

        start(order, now=later)

        order.refresh_from_db()
        assert order.expires_at == later + providers.known("sandbox").hold


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

    def test_money_for_an_expired_order_goes_back_when_its_cart_was_ordered_again(self) -> None:
        order = place({VariantFactory(stock=5): 1})
        attempt = start(order)
        expire(order)
        opened = Cart.objects.select_related("market", "shipping_method").get(pk=order.cart_id)
        again = checkout.place_order(
            cart_id=opened.pk, quote_hash=quote_hash_of(opened), provider="sandbox", by=Actor.guest()
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
        (order,) = queries.with_everything(Order.objects.filter(pk=order.pk))
        assert queries.standing(order).paid == Money(3890, "EUR")

    def test_money_returned_at_the_providers_own_desk_is_not_a_refund_of_the_order(self, flaky: FlakySandbox) -> None:
        order = place()
        first = settle(start(order), Outcome.DECLINE)
        settle(start(order))
        late(first)
        charge = SandboxCharge.objects.get(ref=first.provider_ref)
        charge.refunds.create(ref="by-hand", idempotency_key="theirs", amount=charge.amount)

        payment.sync_payment(payment_id=first.pk, by=SYSTEM)

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
        sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.PAY, news_after=())
        later = timezone.now() + payment.SYNC_EVERY * 2

        assert payment.sync_open_payments(by=SYSTEM, now=later) == 1

        order.refresh_from_db()
        assert order.status == "paid"
        assert payment.sync_open_payments(by=SYSTEM, now=later) == 0

    def test_one_silent_provider_does_not_stop_the_sweep(self, flaky: FlakySandbox) -> None:
        start(place())
        flaky.silent = {"fetch"}

        assert payment.sync_open_payments(by=SYSTEM, now=timezone.now() + payment.SYNC_EVERY * 2) == 0

    def test_an_attempt_beside_a_paid_order_is_cancelled(self) -> None:
        order = place()
        first = settle(start(order), Outcome.DECLINE)
        second = start(order)
        late(first)

        payment.sync_open_payments(by=SYSTEM, now=timezone.now() + payment.SYNC_EVERY * 2)

        second.refresh_from_db()
        assert second.status == "cancelled"
        assert not Refund.objects.exists()

    def test_the_sweep_asks_one_statement_for_what_is_due(self, django_assert_max_num_queries: Any) -> None:
        for _ in range(3):
            place()

        with django_assert_max_num_queries(1):
            payment.sync_open_payments(by=SYSTEM)


class TestRules:
    def test_no_provider_is_asked_inside_a_transaction(self, flaky: FlakySandbox) -> None:
        order = place()

        with pytest.raises(RuntimeError), transaction.atomic():
            start(order)

        assert flaky.calls == []

    def test_the_database_refuses_a_second_live_attempt(self) -> None:
        order = place()

        with pytest.raises(IntegrityError, match="payment_one_live_an_order"), transaction.atomic():
            checkout.add_payment(order, "sandbox", now=timezone.now())

    def test_the_database_refuses_to_give_back_more_than_was_received(self) -> None:
        paid()

        for wrong in ({"refunded": 3891}, {"refund_pending": 3891}, {"captured": 3891}, {"refunded": -1}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Payment.objects.update(**wrong)

    def test_a_snapshot_is_applied_in_any_order_to_the_same_end(self) -> None:
        """The truth about a captured charge makes older news harmless."""
        order = paid()

        for stale in (State.OPEN, State.DECLINED, State.CANCELLED):
            settlement.settle(payment_id=only(order).pk, snapshot=Snapshot(stale), by=SYSTEM, now=timezone.now())

        order.refresh_from_db()
        assert (order.status, only(order).status, only(order).captured) == ("paid", "captured", 3890)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_ten_voices_saying_paid_confirm_once(self, db: None) -> None:
        order = place()
        attempt = start(order)
        sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.PAY, news_after=())

        results = race(*[lambda: payment.sync_payment(payment_id=attempt.pk, by=SYSTEM)] * 10)

        assert failures(results) == []
        assert LedgerEntry.objects.count() == len(events_named("order.paid")) == 1
        assert Product.objects.get().popularity == 1

    def test_paying_while_the_order_expires_ends_paid_or_expired_never_between(self, db: None) -> None:
        for _ in range(5):
            order = place({VariantFactory(stock=1): 1})
            attempt = start(order)
            Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())

            def pay(attempt: Payment = attempt) -> None:
                try:
                    sandbox.settle(ref=attempt.provider_ref, outcome=Outcome.PAY, news_after=())
                except ChargeClosed:
                    return
                payment.sync_payment(payment_id=attempt.pk, by=SYSTEM)

            results = race(pay, lambda: orders.expire_orders(by=SYSTEM))

            assert failures(results) == []
            order.refresh_from_db()
            attempt.refresh_from_db()
            level = StockLevel.objects.get(variant=order.lines.get().variant)
            assert (order.status, attempt.status, level.reserved) in [
                ("paid", "captured", 1),
                ("expired", "cancelled", 0),
            ]

    def test_two_attempts_begun_at_once_are_one(self, db: None) -> None:
        order = place()
        settle(start(order), Outcome.DECLINE)

        results = race(*[lambda: start(order)] * 8)

        assert failures(results) == []
        assert len({attempt.pk for attempt in results}) == 1
        assert SandboxCharge.objects.count() == 2


def expire(order: Order) -> None:
    assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 1
    order.refresh_from_db()
    assert order.status == "expired"


def late(attempt: Payment) -> Payment:
    """The bank took the money after all, whatever it had said before."""
    SandboxCharge.objects.filter(ref=attempt.provider_ref).update(status="succeeded", settled_at=timezone.now())
    return payment.sync_payment(payment_id=attempt.pk, by=SYSTEM)


def test_a_cart_is_open_again_after_its_order_expired() -> None:
    opened = cart_with({VariantFactory(): 1})
    order = checkout.place_order(
        cart_id=opened.pk, quote_hash=quote_hash_of(opened), provider="sandbox", by=Actor.guest()
    )

    expire(order)

    opened.refresh_from_db()
    assert opened.status == Cart.Status.OPEN
    with pytest.raises(refund.NothingToRefund):
        refund.request_refund(order_id=order.pk, reason="x", by=SYSTEM)
