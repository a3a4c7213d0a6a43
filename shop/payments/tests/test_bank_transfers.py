"""Bank transfers: staff note the statement, the same settlement does the rest."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail

from core.context import Actor
from core.errors import Denied
from core.money import Money
from core.testing import events_named, failures, no_event, race, snapshot
from shop.order_management import order_queries as queries
from shop.order_management.services import orders
from shop.orders.models import Order
from shop.payments.models import Payment, Refund
from shop.payments.providers.bank_transfer import BankTransfer
from shop.payments.services import payments, refunds, transfers
from shop.payments.services.transfers import StatementMissing, StatementTaken, UnknownReference, WrongAmount
from shop.stock.models import StockLevel
from shop.tests.factories import SYSTEM, VariantFactory, euros, place

pytestmark = pytest.mark.usefixtures("sums_hold")
BOOKS = ("shop.Order", "shop.Payment", "shop.BankBooking", "shop.LedgerEntry", "core.Event")


@pytest.fixture
def order(db: None) -> Order:
    """An order that waits for a transfer of 38.90."""
    placed = place({VariantFactory(stock=1): 1}, provider="bank_transfer")
    payments.pay_order(order_id=placed.pk, provider="bank_transfer", return_url="/", by=SYSTEM)
    return placed


def test_a_transfer_that_came_in_pays_the_order(order: Order) -> None:
    paying = transfers.record_transfer(ref=order.number, amount=euros("38.90"), statement="2026-11-21/7", by=SYSTEM)

    order.refresh_from_db()
    assert (order.status, paying.status, paying.captured) == ("paid", "captured", 3890)
    assert paying.entries.get().provider_txn == "2026-11-21/7"


def test_a_line_of_the_statement_counts_once(order: Order) -> None:
    transfers.record_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)
    before = snapshot(*BOOKS)

    with pytest.raises(StatementTaken):
        transfers.record_transfer(ref=order.number, amount=euros("38.90"), statement=" 7 ", by=SYSTEM)

    assert snapshot(*BOOKS) == before


def test_what_is_no_amount_reference_or_statement_is_refused(order: Order) -> None:
    before = snapshot(*BOOKS)

    for asked, refusal, field in (
        ({"amount": euros("0")}, WrongAmount, "amount"),
        ({"amount": euros("-1")}, WrongAmount, "amount"),
        ({"amount": Money(3890, "USD")}, WrongAmount, "amount"),
        ({"ref": "NOTHING"}, UnknownReference, "ref"),
        ({"ref": " "}, UnknownReference, "ref"),
        ({"statement": "  "}, StatementMissing, "statement"),
    ):
        with pytest.raises(refusal) as refused:
            transfers.record_transfer(
                **{"ref": order.number, "amount": euros("38.90"), "statement": "7", "by": SYSTEM, **asked}
            )
        assert refused.value.field == field

    assert snapshot(*BOOKS) == before


def test_a_part_waits_for_the_rest_and_the_rest_pays_the_order(order: Order, deliver_events: Any) -> None:
    held_until, now = order.expires_at, order.expires_at - timedelta(days=1)

    paying = transfers.record_transfer(ref=order.number, amount=euros("20.00"), statement="7", by=SYSTEM, now=now)

    order.refresh_from_db()
    assert (order.status, order.payment_status, paying.status, paying.captured) == (
        "pending_payment",
        "partly_paid",
        "pending",
        0,
    )
    assert transfers.get_missing_amount(paying) == euros("18.90")
    assert order.expires_at == now + BankTransfer.hold > held_until
    deliver_events()
    (letter,) = [sent for sent in mail.outbox if "still due" in sent.subject]
    assert "received €20.00" in letter.body
    assert f"transfer €18.90 with the reference {order.number}" in letter.body

    paying = transfers.record_transfer(ref=order.number, amount=euros("18.90"), statement="8", by=SYSTEM)

    order.refresh_from_db()
    assert (order.status, order.payment_status, paying.captured) == ("paid", "paid", 3890)
    assert list(paying.entries.order_by("amount").values_list("amount", "provider_txn")) == [(1890, "8"), (2000, "7")]
    assert not Refund.objects.exists()


@pytest.mark.parametrize("first", ["0.00", "20.00", "38.90"])
def test_what_is_too_much_goes_back_and_the_order_is_paid(order: Order, first: str) -> None:
    if first != "0.00":
        transfers.record_transfer(ref=order.number, amount=euros(first), statement="6", by=SYSTEM)

    amount = euros("48.00") - euros(first)
    paying = transfers.record_transfer(ref=order.number, amount=amount, statement="7", by=SYSTEM)

    order.refresh_from_db()
    assert (order.status, order.payment_status, paying.captured) == ("paid", "paid", 3890)
    back = Refund.objects.get()
    assert (back.amount, back.cause, back.state) == (910, "surplus", "pending")
    (loaded,) = queries.prefetch_order_details(Order.objects.filter(pk=order.pk))
    standing = queries.get_payment_summary(loaded)
    assert (standing.paid, standing.refunded, standing.surplus) == (euros("38.90"), euros("0"), euros("9.10"))

    transfers.record_refund_sent(refund_id=back.pk, statement="9", by=SYSTEM)

    order.refresh_from_db()
    back.refresh_from_db()
    assert (back.state, order.status, order.payment_status) == ("done", "paid", "paid")
    assert no_event("order.refunded")


@pytest.mark.parametrize("end", ["cancelled", "expired", "other way"])
def test_a_part_goes_back_when_the_order_is_not_paid_by_transfer(order: Order, end: str) -> None:
    transfers.record_transfer(ref=order.number, amount=euros("20.00"), statement="7", by=SYSTEM)
    order.refresh_from_db()

    if end == "cancelled":
        orders.cancel_order(order_id=order.pk, by=SYSTEM)
    elif end == "expired":
        assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 1
    else:
        payments.pay_order(order_id=order.pk, provider="sandbox", return_url="/", by=SYSTEM)

    order.refresh_from_db()
    back = Refund.objects.get()
    assert (back.amount, back.cause, order.payment_status) == (2000, "surplus", "unpaid")
    assert order.status == ("pending_payment" if end == "other way" else end)


def test_the_rest_that_comes_after_the_order_expired_goes_back(order: Order) -> None:
    transfers.record_transfer(ref=order.number, amount=euros("20.00"), statement="7", by=SYSTEM)
    order.refresh_from_db()
    orders.expire_orders(by=SYSTEM, now=order.expires_at)

    transfers.record_transfer(ref=order.number, amount=euros("18.90"), statement="8", by=SYSTEM)

    order.refresh_from_db()
    assert order.status == "expired"
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [1890, 2000]


@pytest.mark.django_db(transaction=True)
def test_two_who_note_transfers_at_once_never_book_more_than_is_due() -> None:
    placed = place({VariantFactory(stock=1): 1}, provider="bank_transfer")
    payments.pay_order(order_id=placed.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

    note = partial(transfers.record_transfer, ref=placed.number, amount=euros("30.00"), by=SYSTEM)
    answers = race(*(partial(note, statement=str(line)) for line in range(4)))

    assert failures(answers) == []
    placed.refresh_from_db()
    main = placed.payments.get(provider_ref=placed.number)
    assert (placed.status, main.captured) == ("paid", 3890)
    assert sum(Refund.objects.values_list("amount", flat=True)) == 12000 - 3890


def test_only_those_who_may_note_transfers_do(order: Order, customer: Any, author: Any) -> None:
    for by in (Actor.guest(), Actor.person(customer), Actor.person(author)):
        with pytest.raises(Denied):
            transfers.record_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=by)

    assert no_event("order.paid")


def test_a_transfer_that_comes_late_revives_the_order(order: Order) -> None:
    assert orders.expire_orders(by=SYSTEM, now=order.expires_at) == 1
    assert StockLevel.objects.get().reserved == 0

    transfers.record_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)

    order.refresh_from_db()
    assert order.status == "paid"
    assert StockLevel.objects.get().reserved == 1


def test_a_refund_is_done_when_the_money_was_sent(order: Order, deliver_events: Any) -> None:
    transfers.record_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)
    asked = refunds.request_refund(order_id=order.pk, reason="Chipped", by=SYSTEM)
    deliver_events()
    asked.refresh_from_db()
    assert asked.state == "pending"
    assert no_event("order.refunded")

    done = transfers.record_refund_sent(refund_id=asked.pk, statement="9", by=SYSTEM)

    assert (done.state, done.provider_ref) == ("done", "9")
    assert Payment.objects.get().refunded == 3890
    assert len(events_named("order.refunded")) == 1
    with pytest.raises(UnknownReference):
        transfers.record_refund_sent(refund_id=asked.pk, statement="10", by=SYSTEM)


def test_only_those_who_may_note_transfers_end_refunds(order: Order, customer: Any) -> None:
    transfers.record_transfer(ref=order.number, amount=euros("38.90"), statement="7", by=SYSTEM)
    asked = refunds.request_refund(order_id=order.pk, reason="Chipped", by=SYSTEM)

    with pytest.raises(Denied):
        transfers.record_refund_sent(refund_id=asked.pk, statement="9", by=Actor.person(customer))

    assert Refund.objects.get().state == "pending"


def test_a_second_attempt_has_its_own_reference(order: Order) -> None:
    first = order.payments.get()
    payments.cancel_attempt(payment_id=first.pk, by=SYSTEM)

    second = payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

    assert (first.provider_ref, second.provider_ref) == (order.number, f"{order.number}-2")
