"""Sending: pieces leave the shelf and the promises together."""

from typing import Any

import pytest

from core.context import Actor
from core.errors import Denied
from core.testing import events_named, failures, race, snapshot
from shop.order_management.services import fulfilment
from shop.order_management.services.fulfilment import InvalidFulfilment, ItemsNotToSend, NothingToSend
from shop.orders.models import Fulfilment, Order
from shop.stock import services as stock
from shop.stock.models import Reservation, StockLevel, StockMovement
from shop.stock.services import NotOnHand
from shop.tests.factories import SYSTEM, VariantFactory, WarehouseFactory, paid, place, set_stock

pytestmark = pytest.mark.usefixtures("sums_hold")
BOOKS = (
    "shop.Order",
    "shop.OrderLine",
    "shop.Fulfilment",
    "shop.StockLevel",
    "shop.StockMovement",
    "shop.Reservation",
    "core.Event",
)


def uid(order: Order, sku: str) -> str:
    return str(order.lines.get(sku=sku).uid)


def test_all_of_an_order_leaves_in_one_parcel(manager: Any) -> None:
    order = paid({VariantFactory(sku="MUG", stock=5): 2})

    parcel = fulfilment.fulfil_order(order_id=order.pk, carrier="Post", tracking_code="RR123", by=Actor.person(manager))

    order.refresh_from_db()
    assert (order.status, order.fulfilled_at) == ("fulfilled", parcel.at)
    assert [(part.line.sku, part.quantity) for part in parcel.lines.all()] == [("MUG", 2)]
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (3, 0)
    assert Reservation.objects.get().state == "consumed"
    shipped = StockMovement.objects.get(reason="shipped")
    assert (shipped.quantity, shipped.actor) == (-2, manager)
    (event,) = events_named("order.fulfilled")
    assert event.data == {"fulfilment": str(parcel.uid), "complete": True}


def test_an_order_leaves_in_parts() -> None:
    order = paid({VariantFactory(sku="MUG", stock=5): 3})

    fulfilment.fulfil_order(order_id=order.pk, lines={uid(order, "MUG"): 1}, by=SYSTEM)
    order.refresh_from_db()
    assert order.status == "partly_fulfilled"
    assert (Reservation.objects.get().outstanding, Reservation.objects.get().state) == (2, "committed")

    fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
    order.refresh_from_db()
    assert order.status == "fulfilled"
    assert [event.data["complete"] for event in events_named("order.fulfilled")] == [False, True]


def test_pieces_leave_the_warehouses_they_were_promised_from() -> None:
    for priority, code in enumerate(("near", "far")):
        WarehouseFactory(code=code, priority=priority)
    variant = VariantFactory(stock=0)
    set_stock(variant, 1, warehouse="near")
    set_stock(variant, 5, warehouse="far")
    order = paid({variant: 3})

    fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)

    left = dict(StockLevel.objects.exclude(on_hand=0, reserved=0).values_list("warehouse__code", "on_hand"))
    assert left == {"far": 3}


def test_a_backorder_waits_until_it_is_made() -> None:
    variant = VariantFactory(sku="MUG", stock=1)
    set_stock(variant, 0, backorders=5)
    order = paid({variant: 3})
    before = snapshot(*BOOKS)

    with pytest.raises(NotOnHand) as refused:
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)

    assert refused.value.details == {"skus": "MUG"}
    assert snapshot(*BOOKS) == before
    stock.receive_stock(sku="MUG", quantity=2, key="kiln-9", by=SYSTEM)
    fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
    assert StockLevel.objects.get().on_hand == 0


def test_the_same_key_makes_one_parcel() -> None:
    order = paid({VariantFactory(stock=5): 2})

    parcels = {fulfilment.fulfil_order(order_id=order.pk, key="click", by=SYSTEM).pk for _ in range(2)}

    assert len(parcels) == 1
    assert StockLevel.objects.get().on_hand == 3


def test_what_cannot_be_sent_is_refused() -> None:
    order = paid({VariantFactory(sku="MUG"): 2})
    line = uid(order, "MUG")
    other = str(paid().lines.get().uid)
    unpaid = place()
    before = snapshot(*BOOKS)

    for asked, refusal in (
        ({"lines": {line: 3}}, ItemsNotToSend),
        ({"lines": {line: 0}}, InvalidFulfilment),
        ({"lines": {other: 1}}, InvalidFulfilment),
        ({"lines": {}}, InvalidFulfilment),
        ({"order_id": unpaid.pk}, NothingToSend),
    ):
        with pytest.raises(refusal):
            fulfilment.fulfil_order(**{"order_id": order.pk, "by": SYSTEM, **asked})

    assert snapshot(*BOOKS) == before


@pytest.mark.parametrize("who", ["guest", "customer", "author"])
def test_only_those_who_may_send_do(who: str, request: pytest.FixtureRequest) -> None:
    order = paid()
    by = Actor.guest() if who == "guest" else Actor.person(request.getfixturevalue(who))
    before = snapshot(*BOOKS)

    with pytest.raises(Denied):
        fulfilment.fulfil_order(order_id=order.pk, by=by)

    assert snapshot(*BOOKS) == before


@pytest.mark.django_db(transaction=True)
def test_two_packers_at_once_send_each_piece_once(db: None) -> None:
    order = paid({VariantFactory(stock=5): 2})

    results = race(*[lambda: fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)] * 4)

    assert sum(isinstance(result, Fulfilment) for result in results) == 1
    assert {type(failure) for failure in failures(results)} == {NothingToSend}
    assert StockLevel.objects.get().on_hand == 3
