"""What an order says of itself: its status, its money and its pieces, for staff, programs and the buyer."""

from typing import Any

import pytest
from django.test import Client

from shop.order_management.services import fulfilment, orders
from shop.order_management.services.fulfilment import NothingToSend
from shop.order_management.services.orders import OrderNotCancellable
from shop.order_management.timeline import get_headline, get_status_label
from shop.orders.models import Order
from shop.payments.services import refunds
from shop.payments.services.refunds import NothingToRefund
from shop.tests.factories import SYSTEM, VariantFactory, euros, paid, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]


def send(order: Order, pieces: int) -> None:
    fulfilment.fulfil_order(order_id=order.pk, lines={str(order.lines.get().uid): pieces}, by=SYSTEM)


def give_back(order: Order, **asked: Any) -> None:
    made = refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM, **asked)
    refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM)


def states(order: Order) -> tuple[str, str, str]:
    order.refresh_from_db()
    return order.status, order.payment_status, order.fulfilment_status


def two_pieces() -> Order:
    return paid({VariantFactory(price=3400, stock=5): 2})


def test_money_and_pieces_have_states_of_their_own() -> None:
    assert states(place()) == ("pending_payment", "unpaid", "unfulfilled")
    order = two_pieces()
    assert states(order) == ("paid", "paid", "unfulfilled")

    send(order, 1)
    assert states(order) == ("partly_fulfilled", "paid", "partly_fulfilled")
    give_back(order, amount=euros("5.00"))
    assert states(order) == ("partly_fulfilled", "partly_refunded", "partly_fulfilled")
    send(order, 1)
    assert states(order) == ("fulfilled", "partly_refunded", "fulfilled")
    give_back(order)
    assert states(order) == ("refunded", "refunded", "fulfilled")


def test_a_fully_refunded_order_of_which_a_part_was_sent_says_both(client: Client) -> None:
    order = two_pieces()
    send(order, 1)

    give_back(order)

    assert states(order) == ("refunded", "refunded", "partly_fulfilled")
    assert get_status_label(order) == "refunded, partly shipped"
    page = client.get(f"/shop/orders/{order.number}/{order.signature}/").content.decode()
    assert "Refunded, partly shipped" in page
    assert "On its way" not in page


def test_what_was_cancelled_before_it_was_sent_is_not_on_its_way() -> None:
    order = two_pieces()
    send(order, 1)

    give_back(order, lines={str(order.lines.get().uid): 1})

    assert states(order) == ("fulfilled", "partly_refunded", "partly_fulfilled")
    assert get_status_label(order) == "shipped, the rest cancelled, partly refunded"
    assert get_headline(order, is_declined=False, transfer=None) == "Partly shipped, the rest cancelled"


def test_what_came_to_nothing_says_so() -> None:
    order = two_pieces()
    give_back(order)
    assert states(order) == ("cancelled", "refunded", "unfulfilled")
    assert get_status_label(order) == "cancelled, refunded"


def test_a_refund_that_fails_leaves_the_order_paid() -> None:
    order = two_pieces()
    send(order, 1)
    made = refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)
    order.payments.update(provider_ref="gone")
    with pytest.raises(Exception, match="declined"):
        refunds.carry_out_refund(refund_id=made.pk, by=SYSTEM)

    assert states(order) == ("partly_fulfilled", "paid", "partly_fulfilled")


def test_acts_that_the_state_does_not_allow_are_refused_in_words() -> None:
    unpaid, cancelled, refunded = place(), place(), two_pieces()
    orders.cancel_order(order_id=cancelled.pk, by=SYSTEM)
    send(refunded, 1)
    give_back(refunded)

    for order in (unpaid, cancelled, refunded):
        with pytest.raises(NothingToSend, match="no items to ship"):
            fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
        with pytest.raises(NothingToRefund, match="nothing left to refund"):
            refunds.request_refund(order_id=order.pk, reason="x", by=SYSTEM)
    for order in (cancelled, refunded):
        with pytest.raises(OrderNotCancellable):
            orders.cancel_order(order_id=order.pk, by=SYSTEM)


def test_staff_filter_orders_by_money_and_by_pieces(desk: Client) -> None:
    order = two_pieces()
    send(order, 1)
    give_back(order)
    place()

    for name, value in (("payment_status", "refunded"), ("fulfilment_status", "partly_fulfilled")):
        page = desk.get(f"/admin/shop/order/?{name}__exact={value}")
        assert [row.number for row in page.context["cl"].result_list] == [order.number]


def test_programs_read_both_states(api: Any, customer: Any) -> None:
    order = paid(user=customer)
    api.force_login(customer)

    (row,) = api.get("/api/v1/orders/").json()["results"]

    assert (row["status"], row["payment_status"], row["fulfilment_status"]) == ("paid", "paid", "unfulfilled")
    assert api.get(f"/api/v1/orders/{order.number}/").json()["payment_status"] == "paid"
