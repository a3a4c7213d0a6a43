"""Bank transfers: staff note the statement, the same settlement does the rest."""

from typing import Any

import pytest

from core.context import Actor
from core.errors import Denied
from core.testing import events_named, no_event, snapshot
from shop.models import Order, Payment, Refund, StockLevel
from shop.services import orders, payment, refund, transfers
from shop.services.transfers import StatementTaken, UnknownReference, WrongAmount
from shop.tests.factories import SYSTEM, VariantFactory, euros, place

pytestmark = pytest.mark.usefixtures("sums_hold")
BOOKS = ("shop.Order", "shop.Payment", "shop.BankBooking", "shop.LedgerEntry", "core.Event")


@pytest.fixture
def order(db: None) -> Order:
    """An order that waits for a transfer of 38.90."""
    placed = place({VariantFactory(stock=1): 1}, provider="bank_transfer")
    payment.pay_order(order_id=placed.pk, provider="bank_transfer", return_url="/", by=SYSTEM)
    return placed


def test_a_transfer_that_came_in_pays_the_order(order: Order) -> None:
    paying = transfers.note_transfer(ref=order.number, amount=euros("38.90"), statement="2026-11-21/7", by=SYSTEM)

    order.refresh_from_db()
    assert (order.status, paying.status, paying.captured) == ("paid", "captured", 3890)
    assert paying.entries.get().provider_txn == "2026-11-21/7"


def test_a_line_of_the_statement_counts_once(order: Order) -> None:
    transfers.note_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)
    before = snapshot(*BOOKS)

    for statement in ("7", "8"):
        with pytest.raises(StatementTaken):
            transfers.note_transfer(ref=order.number, amount=euros("38.90"), statement=statement, by=SYSTEM)

    assert snapshot(*BOOKS) == before


def test_a_wrong_amount_or_reference_is_refused(order: Order) -> None:
    before = snapshot(*BOOKS)

    for asked, refusal in (
        ({"amount": euros("38.89")}, WrongAmount),
        ({"amount": euros("38.91")}, WrongAmount),
        ({"ref": "NOTHING"}, UnknownReference),
    ):
        with pytest.raises(refusal):
            transfers.note_transfer(
                **{"ref": order.number, "amount": euros("38.90"), "statement": "7", "by": SYSTEM, **asked}
            )

    assert snapshot(*BOOKS) == before


def test_only_those_who_may_note_transfers_do(order: Order, customer: Any, author: Any) -> None:
    for by in (Actor.guest(), Actor.person(customer), Actor.person(author)):
        with pytest.raises(Denied):
            transfers.note_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=by)

    assert no_event("order.paid")


def test_a_transfer_that_comes_late_revives_the_order(order: Order) -> None:
    assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 1
    assert StockLevel.objects.get().reserved == 0

    transfers.note_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)

    order.refresh_from_db()
    assert order.status == "paid"
    assert StockLevel.objects.get().reserved == 1


def test_a_refund_is_done_when_the_money_was_sent(order: Order, deliver_events: Any) -> None:
    transfers.note_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)
    asked = refund.request_refund(order_id=order.pk, reason="Chipped", by=SYSTEM)
    deliver_events()
    asked.refresh_from_db()
    assert asked.state == "pending"
    assert no_event("order.refunded")

    done = transfers.note_refund_sent(refund_id=asked.pk, statement="9", by=SYSTEM)

    assert (done.state, done.provider_ref) == ("done", "9")
    assert Payment.objects.get().refunded == 3890
    assert len(events_named("order.refunded")) == 1
    with pytest.raises(UnknownReference):
        transfers.note_refund_sent(refund_id=asked.pk, statement="10", by=SYSTEM)


def test_only_those_who_may_note_transfers_end_refunds(order: Order, customer: Any) -> None:
    transfers.note_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)
    asked = refund.request_refund(order_id=order.pk, reason="Chipped", by=SYSTEM)

    with pytest.raises(Denied):
        transfers.note_refund_sent(refund_id=asked.pk, statement="9", by=Actor.person(customer))

    assert Refund.objects.get().state == "pending"


def test_a_second_attempt_has_its_own_reference(order: Order) -> None:
    first = order.payments.get()
    payment.cancel_attempt(payment_id=first.pk, by=SYSTEM)

    second = payment.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

    assert (first.provider_ref, second.provider_ref) == (order.number, f"{order.number}-2")
