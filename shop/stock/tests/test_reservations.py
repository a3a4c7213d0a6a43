"""Stock: never oversold, whatever happens at the same moment."""

import time
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.context import Actor
from core.errors import Denied
from core.testing import events_named, failures, no_event, race, snapshot
from shop.catalogue.queries import UnknownVariant
from shop.order_management.services import orders
from shop.orders.models import Order
from shop.stock import services as stock
from shop.stock.models import Reservation, StockLevel, StockMovement
from shop.stock.services import InvalidStockChange, NotEnoughStock, StockPromised
from shop.tests.factories import SYSTEM, VariantFactory, WarehouseFactory, cart_with, get_quote_hash, place, set_stock

BUYERS = 50


def levels() -> dict[str, tuple[int, int]]:
    return {
        level.warehouse.code: (level.on_hand, level.reserved)
        for level in StockLevel.objects.select_related("warehouse")
    }


@pytest.mark.usefixtures("sums_hold")
class TestReservation:
    def test_shelves_are_used_before_backorders_and_near_warehouses_before_far_ones(self) -> None:
        WarehouseFactory(code="near", priority=1)
        WarehouseFactory(code="far", priority=2)
        variant = VariantFactory(stock=0)
        set_stock(variant, 2, warehouse="near", backorders=5)
        set_stock(variant, 3, warehouse="far")

        place({variant: 4})
        assert levels() == {"near": (2, 2), "far": (3, 2)}

        place({variant: 4})
        assert levels() == {"near": (2, 5), "far": (3, 3)}

        with pytest.raises(NotEnoughStock):
            place({variant: 3})
        assert levels() == {"near": (2, 5), "far": (3, 3)}

    def test_several_lines_share_what_there_is(self) -> None:
        """Two lines that want the same pieces are counted together, not one by one."""
        variant = VariantFactory(stock=3)
        lines = []
        for _ in range(2):
            order = place({variant: 2})
            lines.append(order.lines.get())
            orders.cancel_order(order_id=order.pk, by=SYSTEM)

        with pytest.raises(NotEnoughStock) as refused, transaction.atomic():
            stock.reserve(lines, now=timezone.now())

        assert [lack["available"] for lack in refused.value.details["lines"]] == [1]
        assert levels() == {"studio": (3, 0)}

    def test_a_cart_with_many_things_is_held_in_one_statement(self, django_assert_num_queries: Any) -> None:
        order = place({VariantFactory(): 2 for _ in range(24)})
        lines = list(order.lines.all())
        stock.release(order)

        with django_assert_num_queries(1):
            stock.reserve(lines, now=timezone.now())

        assert set(StockLevel.objects.values_list("reserved", flat=True)) == {2}

    def test_received_pieces_are_counted_once_per_key(self) -> None:
        VariantFactory(sku="MUG", stock=0)

        for _ in range(2):
            stock.receive_stock(sku="MUG", quantity=5, key="delivery-7", by=SYSTEM)

        assert levels() == {"studio": (5, 0)}
        assert StockMovement.objects.count() == len(events_named("stock.received")) == 1

    def test_what_is_promised_cannot_be_taken_away(self) -> None:
        variant = VariantFactory(sku="MUG", stock=5)
        place({variant: 3})
        before = snapshot("shop.StockLevel", "shop.StockMovement", "core.Event")

        with pytest.raises(StockPromised):
            stock.adjust_stock(sku="MUG", change=-3, key="count", note="Two broke", by=SYSTEM)

        assert snapshot("shop.StockLevel", "shop.StockMovement", "core.Event") == before
        stock.adjust_stock(sku="MUG", change=-2, key="count", note="Two broke", by=SYSTEM)
        assert levels() == {"studio": (3, 3)}

    def test_a_backorder_limit_cannot_fall_below_what_is_promised(self) -> None:
        variant = VariantFactory(sku="MUG", stock=0)
        set_stock(variant, 0, backorders=5)
        place({variant: 4})

        with pytest.raises(StockPromised):
            stock.set_backorder_limit(sku="MUG", limit=3, by=SYSTEM)

        assert stock.set_backorder_limit(sku="MUG", limit=4, by=SYSTEM).backorder_limit == 4

    @pytest.mark.parametrize("quantity", [0, -1])
    def test_nothing_cannot_be_received(self, quantity: int) -> None:
        VariantFactory(sku="MUG", stock=0)

        with pytest.raises(InvalidStockChange):
            stock.receive_stock(sku="MUG", quantity=quantity, key="x", by=SYSTEM)

    def test_unknown_things_and_places_are_refused(self) -> None:
        VariantFactory(sku="MUG", stock=0)

        with pytest.raises(UnknownVariant):
            stock.receive_stock(sku="NOTHING", quantity=1, key="x", by=SYSTEM)
        with pytest.raises(stock.NoWarehouse):
            stock.receive_stock(sku="MUG", warehouse="nowhere", quantity=1, key="x", by=SYSTEM)

    def test_only_those_who_may_change_stock_do(self, customer: Any, author: Any) -> None:
        VariantFactory(sku="MUG", stock=1)
        before = snapshot("shop.StockLevel", "shop.StockMovement", "core.Event")

        for by in (Actor.guest(), Actor.person(customer), Actor.person(author)):
            with pytest.raises(Denied):
                stock.receive_stock(sku="MUG", quantity=5, key="x", by=by)
            with pytest.raises(Denied):
                stock.adjust_stock(sku="MUG", change=5, key="x", note="x", by=by)
            with pytest.raises(Denied):
                stock.set_backorder_limit(sku="MUG", limit=5, by=by)

        assert snapshot("shop.StockLevel", "shop.StockMovement", "core.Event") == before


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_fifty_buyers_of_the_last_piece_make_one_order(self, sums_hold: None) -> None:
        variant = VariantFactory(stock=1)
        carts = [cart_with({variant: 1}) for _ in range(BUYERS)]
        quotes = [get_quote_hash(opened) for opened in carts]

        results = race(*[buyer(opened.pk, quote) for opened, quote in zip(carts, quotes, strict=True)])

        assert sum(isinstance(result, Order) for result in results) == 1
        assert {type(failure) for failure in failures(results)} == {NotEnoughStock}
        assert levels() == {"studio": (1, 1)}
        assert Order.objects.count() == Reservation.objects.count() == 1

    def test_without_the_lock_and_the_constraint_the_last_piece_is_sold_again_and_again(self) -> None:
        """The control: the same race does oversell when it is checked first and written later."""
        variant = VariantFactory(stock=1)
        lines = [place({variant: 1}).lines.get()]
        stock.release(lines[0].order)
        lines += [place({VariantFactory(stock=1): 1}).lines.get() for _ in range(9)]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE shop_stocklevel DROP CONSTRAINT stock_never_oversold")
        try:
            race(*[careless(variant.pk) for _ in lines])
            assert StockLevel.objects.get(variant=variant).reserved > 1
        finally:
            StockLevel.objects.update(reserved=0)
            rules = {rule.name: rule for rule in StockLevel._meta.constraints}
            with connection.schema_editor() as editor:
                editor.add_constraint(StockLevel, rules["stock_never_oversold"])

    def test_carts_that_name_the_same_things_in_any_order_never_deadlock(self, sums_hold: None) -> None:
        variants = [VariantFactory(stock=40) for _ in range(4)]
        carts = []
        for turn in range(12):
            turned = variants[turn % 4 :] + variants[: turn % 4]
            carts.append(cart_with(dict.fromkeys(turned if turn % 2 else reversed(turned), 1)))
        quotes = [get_quote_hash(opened) for opened in carts]

        results = race(*[buyer(opened.pk, quote) for opened, quote in zip(carts, quotes, strict=True)])

        assert failures(results) == []
        assert set(StockLevel.objects.values_list("reserved", flat=True)) == {12}

    def test_the_same_delivery_booked_by_ten_clicks_counts_once(self, sums_hold: None) -> None:
        VariantFactory(sku="MUG", stock=0)
        WarehouseFactory()

        results = race(*[lambda: stock.receive_stock(sku="MUG", quantity=5, key="delivery-7", by=SYSTEM)] * 10)

        assert failures(results) == []
        assert levels() == {"studio": (5, 0)}


@pytest.mark.usefixtures("sums_hold")
def test_the_database_itself_refuses_to_oversell() -> None:
    VariantFactory(stock=2)

    for oversold in ({"reserved": 3}, {"reserved": -1}, {"on_hand": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            StockLevel.objects.update(**oversold)


def test_refused_changes_record_nothing(db: None) -> None:
    VariantFactory(sku="MUG", stock=0)

    with pytest.raises(StockPromised):
        stock.adjust_stock(sku="MUG", change=-1, key="x", note="Broke", by=SYSTEM)

    assert no_event("stock.adjusted")


def buyer(cart_id: int, quote: str) -> Any:
    from shop.checkout import services as checkout

    return lambda: checkout.place_order(cart_id=cart_id, quote_hash=quote, provider="sandbox", by=Actor.guest())


def careless(variant_id: int) -> Any:
    """What a shop does that reads, thinks and writes."""

    def reserve() -> None:
        level = StockLevel.objects.get(variant=variant_id)
        if level.on_hand - level.reserved >= 1:
            time.sleep(0.05)
            with connection.cursor() as cursor:
                cursor.execute("UPDATE shop_stocklevel SET reserved = reserved + 1 WHERE id = %s", [level.pk])

    return reserve
