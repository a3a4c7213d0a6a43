"""Paying: whatever happens at the provider and on the way, the order and the ledger end up right."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.permissions.models import Entitlement
from core.money import Money
from core.testing import events_named, snapshot
from shop.catalogue.models import Product
from shop.order_management import order_queries as queries
from shop.orders.models import Order
from shop.payments import providers
from shop.payments.models import LedgerEntry, Payment, SandboxCharge
from shop.payments.providers import sandbox
from shop.payments.providers.base import ProviderUnavailable, Snapshot, State
from shop.payments.providers.sandbox import ChargeClosed, Outcome
from shop.payments.services import payments, settlement
from shop.payments.services.payments import OrderNotPayable
from shop.stock.models import Reservation
from shop.tests.factories import SYSTEM, VariantFactory, paid, place, settle, start
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

    def test_confirming_counts_every_product_and_asks_for_no_variant_by_itself(self) -> None:
        def queries_for(lines: int) -> list[str]:
            attempt = start(place({VariantFactory(price=3400): 2 for _ in range(lines)}))
            with CaptureQueriesContext(connection) as found:
                settle(attempt)
            return [one["sql"] for one in found if "entitlement" not in one["sql"].lower()]

        few, many = queries_for(1), queries_for(6)

        assert sum('FROM "shop_variant"' in sql for sql in many) == 0
        assert sum('UPDATE "shop_product"' in sql for sql in many) == sum('UPDATE "shop_product"' in sql for sql in few)
        assert list(Product.objects.values_list("popularity", flat=True)) == [2] * 7

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
            payments.sync_payment(payment_id=only(order).pk, by=SYSTEM)

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
            (order,) = queries.prefetch_order_details(Order.objects.filter(number=number))
            standing = queries.get_payment_summary(order)

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

        transfer = payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

        card.refresh_from_db()
        assert card.status == "cancelled"
        assert SandboxCharge.objects.get().status == "cancelled"
        assert (transfer.status, transfer.provider_ref) == ("pending", order.number)
        with pytest.raises(ChargeClosed):
            sandbox.settle_charge(ref=card.provider_ref, outcome=Outcome.PAY)

    def test_an_attempt_that_was_paid_meanwhile_is_the_answer(self) -> None:
        order = place()
        card = start(order)
        sandbox.settle_charge(ref=card.provider_ref, outcome=Outcome.PAY, webhook_delays=())

        answer = payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

        assert (answer.pk, answer.status) == (card.pk, "captured")
        assert order.payments.count() == 1

    def test_a_provider_that_does_not_answer_keeps_the_first_attempt(self, flaky: FlakySandbox) -> None:
        order = place()
        card = start(order)
        flaky.silent = {"cancel"}

        with pytest.raises(ProviderUnavailable):
            payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

        assert only(order) == card
        assert only(order).is_live

    def test_an_attempt_cancelled_while_it_was_being_made_is_unpayable(self, flaky: FlakySandbox) -> None:
        order = place()
        flaky.meanwhile = lambda: payments.cancel_attempt(payment_id=only(order).pk, by=SYSTEM)

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
        later = timezone.now() + providers.get_provider("sandbox").hold / 2

        start(order, now=later)

        order.refresh_from_db()
        assert order.expires_at == later + providers.get_provider("sandbox").hold


class TestRules:
    def test_no_provider_is_asked_inside_a_transaction(self, flaky: FlakySandbox) -> None:
        order = place()

        with pytest.raises(RuntimeError), transaction.atomic():
            start(order)

        assert flaky.calls == []

    def test_the_database_refuses_a_second_live_attempt(self) -> None:
        order = place()

        with pytest.raises(IntegrityError, match="payment_one_live_an_order"), transaction.atomic():
            payments.add_payment(order, "sandbox", now=timezone.now())

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
