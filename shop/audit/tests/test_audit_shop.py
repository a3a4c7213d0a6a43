"""The audit finds every kind of drift, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core.events.models import Event
from shop.audit import queries as audit
from shop.catalogue.models import Product
from shop.order_management.services import fulfilment
from shop.orders.models import FulfilmentLine, Order
from shop.payments.models import Payment, RefundLine
from shop.payments.services import refunds
from shop.stock.models import StockLevel
from shop.tests.factories import SYSTEM, VariantFactory, paid, place, start


@pytest.fixture
def busy_shop(db: None) -> Order:
    """A shop in which everything happened once; returns an order that is paid, sent and partly refunded."""
    place()
    start(place())
    order = paid({VariantFactory(sku="MUG", stock=9): 3})
    line = str(order.lines.get().uid)
    fulfilment.fulfil_order(order_id=order.pk, lines={line: 2}, by=SYSTEM)
    asked = refunds.request_refund(order_id=order.pk, lines={line: 1}, reason="x", by=SYSTEM)
    refunds.carry_out_refund(refund_id=asked.pk, by=SYSTEM)
    refunds.request_refund(order_id=order.pk, lines={line: 1}, reason="x", by=SYSTEM)
    return order


def raw(statement: str) -> Callable[[], None]:
    """A change past everything that guards the table: triggers are off in a replica."""

    def execute() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)
            cursor.execute("SET LOCAL session_replication_role = origin")

    return execute


PLANTED: dict[str, Callable[[], Any]] = {
    "reserved equals the live reservations": lambda: StockLevel.objects.filter(variant__sku="MUG").update(reserved=1),
    "stock on hand equals the sum of movements": lambda: StockLevel.objects.filter(variant__sku="MUG").update(
        on_hand=99
    ),
    "reserved items equal the items to ship": raw(
        "UPDATE shop_order SET status = 'expired', closed_at = now() WHERE status = 'pending_payment'"
    ),
    "the value of the goods equals the sum of the lines": raw(
        "UPDATE shop_orderline SET unit = unit + 1, total = total + 3 WHERE quantity = 3"
    ),
    "shipped items are in fulfilments": lambda: FulfilmentLine.objects.all().delete(),
    "refunded items are in refunds": lambda: RefundLine.objects.order_by("id").first().delete(),
    "captured amounts are in the ledger": raw("DELETE FROM shop_ledgerentry WHERE kind = 'capture'"),
    "refunded amounts are in the ledger": raw("UPDATE shop_ledgerentry SET amount = amount + 1 WHERE kind = 'refund'"),
    "pending refunds of payments equal the open refunds": lambda: Payment.objects.filter(status="captured").update(
        refund_pending=0
    ),
    "a paid order was paid its total, other orders nothing": raw(
        "UPDATE shop_order SET paid_at = now() WHERE status = 'pending_payment'"
    ),
    "each paid order has one order.paid event": raw("DELETE FROM core_event WHERE name = 'order.paid'"),
    "ratings equal the published reviews": lambda: Product.objects.update(rating_count=1, rating_sum=5),
}


def test_a_busy_shop_has_no_drift(busy_shop: Order, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("shop_audit")

    assert capsys.readouterr().out == f"{len(audit.CHECKS)} checks, 0 findings\n"


def test_every_check_has_a_test() -> None:
    assert set(PLANTED) == set(audit.CHECKS)


@pytest.mark.parametrize("check", list(PLANTED))
def test_planted_drift_is_found(busy_shop: Order, check: str) -> None:
    PLANTED[check]()

    assert check in {found.check for found in audit.find_drift()}


def test_the_command_fails_and_tells_what_drifted(busy_shop: Order, capsys: pytest.CaptureFixture[str]) -> None:
    StockLevel.objects.filter(variant__sku="MUG").update(on_hand=99)

    with pytest.raises(CommandError, match="1 sums do not match"):
        call_command("shop_audit", json=True)

    told = json.loads(capsys.readouterr().out)
    assert told["drift"] == [
        {"check": "stock on hand equals the sum of movements", "subject": "MUG@studio", "written": 99, "counted": 7}
    ]


@pytest.mark.django_db(transaction=True)
def test_the_command_looks_at_one_moment(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    paid()

    call_command("shop_audit")

    assert "0 findings" in capsys.readouterr().out


def test_the_number_of_queries_does_not_grow_with_the_shop(busy_shop: Order, django_assert_num_queries: Any) -> None:
    assert Event.objects.filter(name="order.paid").count() == 1
    with django_assert_num_queries(len(audit.CHECKS)):
        audit.find_drift()
