"""What the database refuses whoever asks: books that only grow, lines that never change."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from shop.orders.models import Order, OrderLine
from shop.payments.models import LedgerEntry
from shop.pricing.models import Price
from shop.stock.models import Reservation, StockMovement
from shop.tests.factories import paid, place

pytestmark = pytest.mark.usefixtures("sums_hold")


@pytest.mark.parametrize("book", [LedgerEntry, StockMovement])
def test_books_only_grow(book: Any) -> None:
    paid()
    row = book.objects.get()

    for change in (
        lambda: book.objects.update(at=row.at.replace(year=2000)),
        lambda: book.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()

    assert book.objects.get().at == row.at


def test_a_person_who_is_forgotten_leaves_the_movement_behind(manager: Any) -> None:
    from core.context import Actor
    from shop.stock import services as stock
    from shop.tests.factories import VariantFactory

    variant = VariantFactory(stock=0)
    stock.receive_stock(sku=variant.sku, quantity=2, key="x", by=Actor.person(manager))

    manager.delete()

    assert StockMovement.objects.get().actor is None


def test_what_was_bought_never_changes() -> None:
    line = paid().lines.get()

    for change in ({"title": "Other"}, {"sku": "OTHER"}, {"tax": 0}, {"quantity": 2, "total": 6800}):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            OrderLine.objects.filter(pk=line.pk).update(**change)


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": 1},
        {"status": "lost"},
        {"email": "Bea@Example.com"},
        {"email": ""},
        {"status": "paid"},
        {"status": "expired"},
        {"discount": 10**9},
        {"tax": -1},
        {"currency": "eur"},
    ],
    ids=str,
)
def test_an_order_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    order = place()

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity_fulfilled": 2},
        {"quantity_refunded": 2},
        {"quantity_cancelled": 1},
        {"quantity_fulfilled": 1, "quantity_refunded": 1, "quantity_cancelled": 1},
    ],
    ids=str,
)
def test_pieces_are_not_sent_or_given_back_beyond_what_was_bought(wrong: dict[str, int]) -> None:
    paid()

    with pytest.raises(IntegrityError, match="order_line_progress"), transaction.atomic():
        OrderLine.objects.update(**wrong)


@pytest.mark.parametrize("wrong", [{"outstanding": 2}, {"outstanding": 0}, {"state": "released"}], ids=str)
def test_a_reservation_counts_exactly_while_it_lives(wrong: dict[str, Any]) -> None:
    place()

    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.update(**wrong)


def test_a_price_is_not_negative() -> None:
    place()

    with pytest.raises(IntegrityError, match="price_amount"), transaction.atomic():
        Price.objects.update(amount=-1)


def test_a_sold_variant_cannot_be_deleted() -> None:
    from django.db.models import ProtectedError

    order = place()

    with pytest.raises(ProtectedError):
        order.lines.get().variant.delete()
