"""Refunds: never more than was received, once, and everything else follows."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.permissions.models import Entitlement
from core.context import Actor
from core.errors import Denied
from core.money import Money
from core.testing import events_named, failures, no_event, race, snapshot
from shop.order_management import order_queries as queries
from shop.order_management.services import fulfilment
from shop.orders.models import Order
from shop.payments.models import LedgerEntry, Payment, Refund, RefundLine, SandboxRefund
from shop.payments.providers.base import ProviderRefused, ProviderUnavailable
from shop.payments.services import payments, refunds
from shop.payments.services.refunds import InvalidRefund, ItemsNotRefundable, NothingToRefund, RefundAmountMismatch
from shop.payments.services.settlement import RefundExceedsPayment
from shop.stock.models import Reservation, StockLevel
from shop.tests.factories import SYSTEM, VariantFactory, euros, paid, place, set_stock
from shop.tests.fakes import FlakySandbox

pytestmark = pytest.mark.usefixtures("sums_hold")
BOOKS = ("shop.Order", "shop.OrderLine", "shop.Payment", "shop.Refund", "shop.Reservation", "core.Event")


def give_back(order: Order, **asked: Any) -> Refund:
    """Ask for a refund and carry it out."""
    made = refunds.request_refund(order_id=order.pk, **{"reason": "Chipped", "by": SYSTEM, **asked})
    return refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM)


def uid(order: Order, sku: str) -> str:
    return str(order.lines.get(sku=sku).uid)


def money(order: Order) -> tuple[int, int, int]:
    paying = order.payments.get(status="captured")
    return paying.captured, paying.refunded, paying.refund_pending


class TestAsking:
    def test_a_refund_is_written_before_the_provider_is_asked(self, manager: Any, flaky: FlakySandbox) -> None:
        order = paid()
        flaky.calls.clear()

        made = refunds.request_refund(
            order_id=order.pk, amount=euros("10.00"), reason=" Chipped rim ", by=Actor.person(manager)
        )

        assert (made.state, made.amount, made.reason, made.requested_by) == ("pending", 1000, "Chipped rim", manager)
        assert money(order) == (3890, 0, 1000)
        assert flaky.calls == []
        (event,) = events_named("order.refund_requested")
        assert event.data == {"refund": str(made.uid), "currency": "EUR", "amount": 1000, "cause": "staff"}
        assert event.actor_id == str(manager.uid)

    def test_a_refund_beyond_what_was_received_is_refused_and_changes_nothing(self) -> None:
        order = paid()
        before = snapshot(*BOOKS)

        with pytest.raises(RefundExceedsPayment) as refused:
            refunds.request_refund(order_id=order.pk, amount=euros("38.91"), reason="x", by=SYSTEM)

        assert refused.value.details["refundable"] == euros("38.90")
        assert snapshot(*BOOKS) == before

    def test_what_is_on_its_way_back_counts_as_gone(self) -> None:
        order = paid()
        refunds.request_refund(order_id=order.pk, amount=euros("38.00"), reason="x", by=SYSTEM)

        with pytest.raises(RefundExceedsPayment) as refused:
            refunds.request_refund(order_id=order.pk, amount=euros("0.91"), reason="x", by=SYSTEM)

        assert refused.value.details["refundable"] == euros("0.90")

    def test_the_same_key_asks_once(self) -> None:
        order = paid()

        first = refunds.request_refund(order_id=order.pk, amount=euros("5"), reason="x", key="click", by=SYSTEM)
        second = refunds.request_refund(order_id=order.pk, amount=euros("5"), reason="x", key="click", by=SYSTEM)

        assert first == second
        assert money(order) == (3890, 0, 500)

    @pytest.mark.parametrize("who", ["guest", "customer", "author"])
    def test_only_those_who_may_refund_do(self, who: str, request: pytest.FixtureRequest) -> None:
        order = paid()
        by = Actor.guest() if who == "guest" else Actor.person(request.getfixturevalue(who))
        before = snapshot(*BOOKS)

        with pytest.raises(Denied):
            refunds.request_refund(order_id=order.pk, reason="x", by=by)

        assert snapshot(*BOOKS) == before

    def test_what_makes_no_sense_is_refused(self) -> None:
        order = paid({VariantFactory(sku="MUG"): 2})
        line = uid(order, "MUG")
        other = str(paid().lines.get().uid)
        before = snapshot(*BOOKS)

        for asked, refusal in (
            ({"amount": euros("0")}, InvalidRefund),
            ({"amount": euros("-1")}, InvalidRefund),
            ({"amount": Money(100, "USD")}, InvalidRefund),
            ({"amount": euros("1"), "reason": "  "}, InvalidRefund),
            ({"lines": {}}, InvalidRefund),
            ({"lines": {line: 0}}, InvalidRefund),
            ({"lines": {line: -1}}, InvalidRefund),
            ({"lines": {other: 1}}, InvalidRefund),
            ({"lines": {"nonsense": 1}}, InvalidRefund),
            ({"lines": {line: 3}}, ItemsNotRefundable),
        ):
            with pytest.raises(refusal):
                refunds.request_refund(order_id=order.pk, **{"reason": "x", "by": SYSTEM, **asked})

        assert snapshot(*BOOKS) == before

    @pytest.mark.parametrize("amount", ["1.00", "33.99", "38.91", "77.80"])
    def test_an_amount_that_does_not_agree_with_the_pieces_is_refused(self, amount: str) -> None:
        order = paid({VariantFactory(sku="MUG", price=3400): 2})
        before = snapshot(*BOOKS, "shop.RefundLine")

        with pytest.raises(RefundAmountMismatch) as refused:
            refunds.request_refund(
                order_id=order.pk, lines={uid(order, "MUG"): 1}, amount=euros(amount), reason="x", by=SYSTEM
            )

        assert refused.value.field == "amount"
        assert "between €34.00 and €38.90" in refused.value.detail
        assert snapshot(*BOOKS, "shop.RefundLine") == before

    def test_pieces_with_delivery_and_sent_pieces_for_less_are_refunded(self) -> None:
        order = paid({VariantFactory(sku="MUG", price=3400): 2})
        assert give_back(order, lines={uid(order, "MUG"): 1}, amount=euros("38.90")).amount == 3890
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)

        assert give_back(order, lines={uid(order, "MUG"): 1}, amount=euros("20.00")).amount == 2000

        order.refresh_from_db()
        assert (order.status, order.payment_status) == ("fulfilled", "partly_refunded")

    def test_an_amount_of_all_that_is_left_cancels_what_was_not_sent(self) -> None:
        order = paid({VariantFactory(price=3400): 1})

        give_back(order, amount=euros("38.90"))

        order.refresh_from_db()
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        assert StockLevel.objects.get().reserved == 0

    def test_an_order_without_money_has_nothing_to_refund(self) -> None:
        with pytest.raises(NothingToRefund):
            refunds.request_refund(order_id=place().pk, reason="x", by=SYSTEM)

        assert no_event("order.refund_requested")


class TestCarriedOut:
    def test_everything_given_back_before_it_was_sent_cancels_the_order(self) -> None:
        variant = VariantFactory(stock=5, price=3400)
        order = paid({variant: 2}, source=("post", "on-glazes"))

        done = give_back(order)

        order.refresh_from_db()
        assert (done.state, done.amount) == ("done", 7290)
        assert order.status == "cancelled"
        assert money(order) == (7290, 7290, 0)
        assert StockLevel.objects.get().in_stock == 5
        assert Reservation.objects.get().state == "released"
        assert list(LedgerEntry.objects.order_by("id").values_list("kind", "amount")) == [
            ("capture", 7290),
            ("refund", 7290),
        ]
        (event,) = events_named("order.refunded")
        assert event.data == {
            "refund": str(done.uid),
            "currency": "EUR",
            "amount": 7290,
            "sources": [{"kind": "post", "id": "on-glazes", "amount": 6800}],
        }
        assert Entitlement.objects.get().ended_at is not None

    def test_one_piece_of_a_sent_order_keeps_the_rest(self) -> None:
        mug, bowl = VariantFactory(sku="MUG", price=3400, stock=5), VariantFactory(sku="BOWL", price=1000, stock=5)
        order = paid({mug: 2, bowl: 1})
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)

        done = give_back(order, lines={uid(order, "MUG"): 1})

        order.refresh_from_db()
        assert (done.amount, order.status) == (3400, "fulfilled")
        part = RefundLine.objects.get()
        assert (part.quantity, part.cancelled, part.amount) == (1, 0, 3400)
        assert order.lines.get(sku="MUG").refundable_quantity == 1
        assert StockLevel.objects.get(variant=mug).on_hand == 3
        assert not Entitlement.objects.exclude(ended_at=None).exists()
        (loaded,) = queries.prefetch_order_details(Order.objects.filter(pk=order.pk))
        assert queries.get_payment_summary(loaded).is_partly_refunded

    def test_returned_pieces_go_back_on_the_shelf_when_asked(self) -> None:
        variant = VariantFactory(sku="MUG", stock=5)
        order = paid({variant: 2})
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)

        give_back(order, lines={uid(order, "MUG"): 2}, restock=True)

        level = StockLevel.objects.get()
        assert (level.on_hand, level.reserved) == (5, 0)
        assert Entitlement.objects.get().ended_at is not None

    def test_pieces_not_sent_are_given_up_before_sent_ones(self) -> None:
        variant = VariantFactory(sku="MUG", stock=5)
        order = paid({variant: 3})
        fulfilment.fulfil_order(order_id=order.pk, lines={uid(order, "MUG"): 2}, by=SYSTEM)

        give_back(order, lines={uid(order, "MUG"): 2}, restock=True)

        order.refresh_from_db()
        line = order.lines.get()
        assert (line.quantity_fulfilled, line.quantity_cancelled, line.quantity_refunded) == (2, 1, 2)
        assert order.status == "fulfilled"
        level = StockLevel.objects.get()
        assert (level.on_hand, level.reserved) == (4, 0)

    def test_money_without_pieces_leaves_the_pieces(self) -> None:
        order = paid({VariantFactory(price=3400): 1}, source=("post", "on-glazes"))

        give_back(order, amount=euros("10.00"))

        order.refresh_from_db()
        assert order.status == "paid"
        assert order.lines.get().to_send == 1
        # 10.00 in proportion to 34.00 of goods and 4.90 of delivery
        assert events_named("order.refunded")[0].data["sources"] == [{"kind": "post", "id": "on-glazes", "amount": 874}]

    def test_the_pieces_of_a_line_given_back_one_by_one_sum_to_the_line(self) -> None:
        order = paid({VariantFactory(sku="MUG", price=333): 3})
        before = order.lines.get().total

        amounts = [give_back(order, lines={uid(order, "MUG"): 1}).amount for _ in range(3)]

        assert sum(amounts) == before == 999
        order.refresh_from_db()
        assert order.status == "cancelled"

    def test_all_that_is_left_is_given_back_after_a_part(self) -> None:
        order = paid({VariantFactory(): 1})
        give_back(order, amount=euros("8.90"))

        done = give_back(order)

        assert (done.amount, money(order)) == (3000, (3890, 3890, 0))
        with pytest.raises(NothingToRefund):
            refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)


class TestFailing:
    def test_no_answer_keeps_it_on_its_way_and_repeating_pays_once(self, flaky: FlakySandbox) -> None:
        order = paid()
        made = refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)
        flaky.deaf = {"refund"}
        with pytest.raises(ProviderUnavailable):
            refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM)
        made.refresh_from_db()
        assert made.state == "pending"

        flaky.deaf = set()
        refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM)

        assert SandboxRefund.objects.count() == 1
        assert money(order) == (3890, 3890, 0)

    def test_a_refusal_gives_everything_free_again(self, flaky: FlakySandbox) -> None:
        order = paid({VariantFactory(sku="MUG"): 1})
        flaky.refusing = {"refund"}

        failed = give_back(order, lines={uid(order, "MUG"): 1})

        assert (failed.state, failed.error) == ("failed", "not_today")
        assert money(order) == (3890, 0, 0)
        line = order.lines.get()
        assert (line.quantity_refunded, line.quantity_cancelled) == (0, 0)
        assert len(events_named("order.refund_failed")) == 1
        assert no_event("order.refunded")
        flaky.refusing = set()
        assert give_back(order).state == "done"

    def test_pieces_given_up_in_vain_are_to_be_sent_after_all(self, flaky: FlakySandbox) -> None:
        order = paid({VariantFactory(sku="MUG"): 2})
        made = refunds.request_refund(order_id=order.pk, lines={uid(order, "MUG"): 1}, reason="x", by=SYSTEM)
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
        order.refresh_from_db()
        assert order.status == "fulfilled"
        flaky.refusing = {"refund"}

        refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM)

        order.refresh_from_db()
        assert order.status == "partly_fulfilled"
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
        order.refresh_from_db()
        assert order.status == "fulfilled"

    def test_a_refund_made_at_the_provider_is_found(self) -> None:
        order = paid()
        charge_of(order).refunds.create(ref="by-hand", idempotency_key="theirs", amount=1000)

        payments.sync_payment(payment_id=order.payments.get().pk, by=SYSTEM)

        found = Refund.objects.get()
        assert (found.cause, found.state, found.amount) == ("external", "done", 1000)
        assert events_named("order.refunded")[0].data["amount"] == 1000
        order.refresh_from_db()
        assert order.status == "paid"

    def test_one_made_there_beats_one_of_ours_that_no_longer_fits(self) -> None:
        order = paid()
        ours = refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)
        charge_of(order).refunds.create(ref="by-hand", idempotency_key="theirs", amount=3890)

        refunds.carry_out_refund(refund_id=ours.pk, by=SYSTEM)

        assert list(Refund.objects.order_by("id").values_list("cause", "state")) == [
            ("staff", "failed"),
            ("external", "done"),
        ]
        assert money(order) == (3890, 3890, 0)

    def test_the_sweep_takes_up_what_was_left_halfway(self, flaky: FlakySandbox) -> None:
        made = refunds.request_refund(order_id=paid().pk, reason="x", by=SYSTEM)
        later = timezone.now() + refunds.RETRY_AFTER * 2
        flaky.silent = {"refund"}
        assert refunds.carry_out_open_refunds(by=SYSTEM, now=later) == 0

        flaky.silent = set()
        assert refunds.carry_out_open_refunds(by=SYSTEM) == 0
        assert refunds.carry_out_open_refunds(by=SYSTEM, now=later) == 1

        made.refresh_from_db()
        assert made.state == "done"

    @pytest.mark.parametrize("failure", [ProviderRefused(reason="gone"), ValueError("a bug")])
    def test_a_refund_that_fails_leaves_the_others_to_the_sweep(
        self, flaky: FlakySandbox, monkeypatch: pytest.MonkeyPatch, failure: Exception
    ) -> None:
        first, second = (refunds.request_refund(order_id=paid().pk, reason="x", by=SYSTEM) for _ in range(2))
        fetch = flaky.fetch

        def fail_for_first(attempt: Payment) -> Any:
            if attempt.pk == first.payment_id:
                raise failure
            return fetch(attempt)

        monkeypatch.setattr(flaky, "fetch", fail_for_first)
        ended = refunds.carry_out_open_refunds(by=SYSTEM, now=timezone.now() + refunds.RETRY_AFTER * 2)

        first.refresh_from_db()
        second.refresh_from_db()
        assert (ended, first.state, second.state) == (1, "pending", "done")
        monkeypatch.undo()
        refunds.carry_out_refund(refund_id=first.pk, by=SYSTEM)

    def test_the_worker_carries_it_out_through_the_event(self, deliver_events: Any) -> None:
        order = paid()
        refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)

        deliver_events()

        assert money(order) == (3890, 3890, 0)
        assert len(events_named("order.refunded")) == 1


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_refunds_at_once_never_give_back_more_than_came(self, db: None) -> None:
        order = paid()
        asked = {"order_id": order.pk, "amount": euros("20.00"), "reason": "x", "by": SYSTEM}

        results = race(*[lambda: refunds.request_refund(**asked)] * 6)

        assert sum(isinstance(result, Refund) for result in results) == 1
        assert {type(failure) for failure in failures(results)} == {RefundExceedsPayment}
        assert money(order) == (3890, 0, 2000)

    def test_one_refund_carried_out_by_two_workers_is_paid_once(self, db: None) -> None:
        order = paid()
        made = refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)

        results = race(*[lambda: refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM)] * 4)

        assert failures(results) == []
        assert SandboxRefund.objects.count() == len(events_named("order.refunded")) == 1
        assert money(order) == (3890, 3890, 0)

    def test_sending_and_refunding_the_same_piece_at_once_does_one_of_them(self, db: None) -> None:
        variant = VariantFactory(sku="MUG", stock=1)
        set_stock(variant, 3)
        order = paid({variant: 1})

        race(
            lambda: fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM),
            lambda: give_back(order),
        )

        order.refresh_from_db()
        line = order.lines.get()
        assert line.quantity_fulfilled + line.quantity_cancelled == 1
        assert order.status == ("refunded" if line.quantity_fulfilled else "cancelled")
        assert StockLevel.objects.get().reserved == 0


def charge_of(order: Order) -> Any:
    from shop.payments.providers import sandbox

    return sandbox.get_charge(Payment.objects.get(order=order).provider_ref)
