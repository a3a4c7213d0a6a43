"""Stock: the only code that writes the counters of a level. A level's constraint refuses what would be oversold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Conflict, Invalid
from core.events import services as events
from core.validation.text import has_visible_text
from shop.catalogue.models import Variant
from shop.catalogue.queries import UnknownVariant, resolve_sku
from shop.configuration.services import save_row
from shop.stock.models import Reservation, StockLevel, StockMovement, Warehouse

if TYPE_CHECKING:
    from shop.orders.models import Order, OrderLine

# One statement: lock the levels in key order, hand out what is free, count it as reserved, note who holds it.
# What is on the shelf goes first, then backorders; warehouses by priority. Demand and offer are laid on one number
# line per variant, and a line gets from a level what their spans share. The lock reads the rows as they are once
# it is held, so nothing here can be stale; the level's CHECK stands behind it all the same.
RESERVE_SQL = """
WITH demand AS (
    SELECT line, variant, quantity, sum(quantity) OVER (PARTITION BY variant ORDER BY line) AS upto
    FROM unnest(%(lines)s::bigint[], %(variants)s::bigint[], %(quantities)s::bigint[])
        AS asked (line, variant, quantity)
), locked AS (
    SELECT level.id, level.variant_id AS variant, warehouse.priority,
        greatest(level.on_hand - level.reserved, 0) AS shelf,
        level.on_hand + level.backorder_limit - level.reserved AS free
    FROM shop_stocklevel level JOIN shop_warehouse warehouse ON warehouse.id = level.warehouse_id
    WHERE level.variant_id = ANY(%(variants)s)
    ORDER BY level.id
    FOR NO KEY UPDATE OF level
), offer AS (
    SELECT id, variant, amount, sum(amount) OVER (PARTITION BY variant ORDER BY late, priority, id) AS upto
    FROM (
        SELECT id, variant, priority, false AS late, shelf AS amount FROM locked
        UNION ALL
        SELECT id, variant, priority, true, free - shelf FROM locked
    ) AS parts
    WHERE amount > 0
), share AS (
    SELECT demand.line, offer.id AS level, sum(
        least(demand.upto, offer.upto) - greatest(demand.upto - demand.quantity, offer.upto - offer.amount)
    ) AS quantity
    FROM demand JOIN offer ON offer.variant = demand.variant
        AND offer.upto - offer.amount < demand.upto AND demand.upto - demand.quantity < offer.upto
    GROUP BY demand.line, offer.id
), counted AS (
    UPDATE shop_stocklevel level SET reserved = level.reserved + taken.quantity
    FROM (SELECT level, sum(quantity) AS quantity FROM share GROUP BY level) AS taken
    WHERE level.id = taken.level
), held AS (
    INSERT INTO shop_reservation (level_id, line_id, quantity, outstanding, state, at)
    SELECT level, line, quantity, quantity, %(state)s, %(now)s FROM share
)
SELECT line, sum(quantity)::bigint FROM share GROUP BY line
"""

MOVE_SQL = """
WITH part AS (
    SELECT * FROM unnest(%(levels)s::bigint[], %(on_hand)s::bigint[], %(reserved)s::bigint[])
        AS change (level, on_hand, reserved)
), locked AS (
    SELECT id FROM shop_stocklevel WHERE id = ANY(%(levels)s) ORDER BY id FOR NO KEY UPDATE
)
UPDATE shop_stocklevel level
SET on_hand = level.on_hand + part.on_hand, reserved = level.reserved + part.reserved
FROM part JOIN locked ON locked.id = part.level
WHERE level.id = part.level AND level.on_hand + part.on_hand >= 0
    AND level.reserved + part.reserved <= level.on_hand + part.on_hand + level.backorder_limit
RETURNING level.id
"""

ReservationPart = tuple[Reservation, int]


class NotOnHand(Conflict):
    code = "not_on_hand"
    message = _("Reserved but not in stock yet: %(skus)s.")


class StockPromised(Conflict):
    code = "stock_promised"
    message = _(
        "Stock of %(sku)s cannot be reduced by this much: the items are not in stock or are reserved for orders."
    )


class InvalidStockChange(Invalid):
    code = "invalid_stock_change"
    message = _("Enter a number of items other than 0.")


class MissingCause(InvalidStockChange):
    message = _("Choose why the count is corrected.")


class MissingNote(InvalidStockChange):
    message = _("Describe the reason in the note.")


class NoWarehouse(Conflict):
    code = "no_warehouse"
    message = _("There is no warehouse yet, or none with this code. Add a warehouse first.")


def reserve(lines: "Iterable[OrderLine]", *, now: datetime) -> None:
    """Hold the pieces of order lines; digital lines need none. Call it last before the commit.

    Locks the levels by id until then. Raises NotEnoughStock, after which the caller's transaction must be rolled back.
    """
    wanted = [line for line in lines if not line.is_digital]
    if not wanted:
        return
    asked: dict[str, Any] = {
        "lines": [line.pk for line in wanted],
        "variants": [line.variant_id for line in wanted],
        "quantities": [line.quantity for line in wanted],
        "state": Reservation.State.HELD.value,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(RESERVE_SQL, asked)
        got: dict[int, int] = dict(cursor.fetchall())
    short = [line for line in wanted if got.get(line.pk, 0) < line.quantity]
    if short:
        lacking = [{"sku": line.sku, "wanted": line.quantity, "available": got.get(line.pk, 0)} for line in short]
        raise NotEnoughStock(titles=", ".join(line.title for line in short), lines=lacking)


def commit(order: "Order") -> None:
    """The order is paid: what was held for it is promised for good. The caller holds the order's lock."""
    held = Reservation.objects.filter(line__order=order, state=Reservation.State.HELD)
    held.update(state=Reservation.State.COMMITTED)


def release(order: "Order") -> None:
    """Give back all that is held for an order. The caller holds the order's lock; locks levels by id."""
    live = Reservation.objects.live().filter(line__order=order)
    _lower_reservations([(reservation, reservation.outstanding) for reservation in live], Reservation.State.RELEASED)


def release_items(pieces: Mapping[int, int]) -> None:
    """Give back pieces of order lines ({line id: quantity}). The caller holds the order's lock; locks levels by id."""
    _lower_reservations(_allocate_reservations(pieces, "-level_id"), Reservation.State.RELEASED)


def consume(pieces: Mapping[int, int], *, key: str, by: Actor, now: datetime) -> None:
    """Take sent pieces of order lines ({line id: quantity}) off the shelf and out of the promises.

    The caller holds the order's lock; locks levels by id. Raises NotOnHand for backorders that are not made yet.
    """
    parts = _allocate_reservations(pieces, "level_id")
    _lower_reservations(parts, Reservation.State.CONSUMED, shipped=True)
    StockMovement.objects.bulk_create(
        StockMovement(
            level_id=reservation.level_id,
            quantity=-quantity,
            reason=StockMovement.Reason.SHIPPED,
            idempotency_key=f"{key}:{reservation.pk}",
            actor=by.user,
            at=now,
        )
        for reservation, quantity in parts
    )


def restock(pieces: Mapping[int, int], *, key: str, by: Actor, now: datetime) -> None:
    """Put returned pieces of order lines ({line id: quantity}) on the shelf they came from. Locks levels by id."""
    came_from = dict(
        Reservation.objects.filter(line__in=list(pieces)).order_by("-level_id").values_list("line", "level")
    )
    for line_id, quantity in sorted(pieces.items(), key=lambda piece: came_from[piece[0]]):
        _change_on_hand(
            came_from[line_id], quantity, reason=StockMovement.Reason.RESTOCKED, key=f"{key}:{line_id}", by=by, now=now
        )


@transaction.atomic
def receive_stock(
    *, sku: str, quantity: int, key: str, warehouse: str = "", note: str = "", by: Actor, now: datetime | None = None
) -> StockLevel:
    """Put new pieces on the shelf of a warehouse (the first when none is named); a key that was used does nothing.

    The first pieces of a variant in a warehouse make its level. Locks the level. Raises Denied, UnknownVariant,
    NoWarehouse, InvalidStockChange. Records stock.received.
    """
    if quantity <= 0:
        raise InvalidStockChange(_("Enter the number of items received, 1 or more."), field="quantity")
    return _record_movement(sku, warehouse, quantity, StockMovement.Reason.RECEIVED, key=key, note=note, by=by, now=now)


@transaction.atomic
def adjust_stock(
    *,
    sku: str,
    change: int,
    key: str,
    warehouse: str = "",
    cause: str = StockMovement.Cause.OTHER,
    note: str = "",
    by: Actor,
    now: datetime | None = None,
) -> StockLevel:
    """Correct the shelf by so many pieces, up or down, and say why; a key that was used does nothing.

    The cause "other" needs a note. Locks the level. Raises Denied, UnknownVariant, NoWarehouse, InvalidStockChange,
    MissingCause, MissingNote, StockPromised. Records stock.adjusted.
    """
    if change == 0:
        raise InvalidStockChange(field="change", pointer="/quantity")
    if cause not in StockMovement.Cause.values:
        raise MissingCause(field="cause")
    if cause == StockMovement.Cause.OTHER and not has_visible_text(note):
        raise MissingNote(field="note")
    reason = StockMovement.Reason.ADJUSTED
    return _record_movement(sku, warehouse, change, reason, cause=cause, key=key, note=note, by=by, now=now)


@transaction.atomic
def set_backorder_limit(
    *, sku: str, limit: int, warehouse: str = "", by: Actor, now: datetime | None = None
) -> StockLevel:
    """Say how many pieces may be sold before they are made. Raises Denied, UnknownVariant, StockPromised.

    Locks the level. Records stock.limited.
    """
    level = _get_or_create_level(sku, warehouse, by)
    locked = StockLevel.objects.locked().get(pk=level.pk)
    if limit < 0 or locked.reserved > locked.on_hand + limit:
        raise StockPromised(sku=sku, field="limit")
    locked.backorder_limit = limit
    locked.save(update_fields=["backorder_limit"])
    events.record("stock.limited", level.variant, by=by, now=now, limit=limit, warehouse=level.warehouse.code)
    return locked


def _record_movement(
    sku: str,
    warehouse: str,
    change: int,
    reason: StockMovement.Reason,
    *,
    key: str,
    note: str,
    by: Actor,
    now: datetime | None,
    cause: str = "",
) -> StockLevel:
    level = _get_or_create_level(sku, warehouse, by)
    now = now or timezone.now()
    if _change_on_hand(level.pk, change, reason=reason, cause=cause, key=key, note=note.strip()[:200], by=by, now=now):
        data = {"quantity": change, "warehouse": level.warehouse.code, **({"cause": cause} if cause else {})}
        events.record(f"stock.{reason.value}", level.variant, by=by, now=now, **data)
    level.refresh_from_db(fields=["on_hand", "reserved"])
    return level


def _get_or_create_level(sku: str, warehouse: str, by: Actor) -> StockLevel:
    by.require("shop.adjust_stock")
    variant = resolve_sku(sku)
    places = Warehouse.objects.filter(code=warehouse) if warehouse else Warehouse.objects.all()
    place = places.first()
    if variant is None:
        raise UnknownVariant(field="sku")
    if place is None:
        raise NoWarehouse(field="warehouse")
    level, _made = StockLevel.objects.select_related("variant__product", "warehouse").get_or_create(
        variant=variant, warehouse=place
    )
    return level


def _change_on_hand(
    level_id: int,
    quantity: int,
    *,
    reason: StockMovement.Reason,
    key: str,
    by: Actor,
    now: datetime,
    note: str = "",
    cause: str = "",
) -> bool:
    """Move `on_hand` and write the movement; False when the key has done so before."""
    movement, made = StockMovement.objects.get_or_create(
        idempotency_key=key,
        defaults={
            "level_id": level_id,
            "quantity": quantity,
            "reason": reason,
            "cause": cause,
            "note": note,
            "actor": by.user,
            "at": now,
        },
    )
    if made and _move_levels([(level_id, quantity, 0)]):
        raise StockPromised(sku=movement.level.variant.sku)
    return made


def _allocate_reservations(pieces: Mapping[int, int], order: str) -> list[ReservationPart]:
    """Which reservations stand for these pieces of lines, in the given order of levels."""
    left = dict(pieces)
    parts: list[ReservationPart] = []
    for reservation in Reservation.objects.live().filter(line__in=list(pieces)).order_by(order):
        quantity = min(left[reservation.line_id], reservation.outstanding)
        left[reservation.line_id] -= quantity
        parts.append((reservation, quantity))
    return [(reservation, quantity) for reservation, quantity in parts if quantity]


def _lower_reservations(parts: Sequence[ReservationPart], end: Reservation.State, *, shipped: bool = False) -> None:
    """Lower reservations and their levels; what reaches nothing ends in `end`. Raises NotOnHand."""
    if not parts:
        return
    for reservation, quantity in parts:
        reservation.outstanding -= quantity
        reservation.state = reservation.state if reservation.outstanding else end
    Reservation.objects.bulk_update([reservation for reservation, _quantity in parts], ["outstanding", "state"])
    refused = _move_levels([(part.level_id, -quantity if shipped else 0, -quantity) for part, quantity in parts])
    if refused:
        skus = Variant.objects.filter(levels__in=refused).values_list("sku", flat=True)
        raise NotOnHand(skus=", ".join(sorted(skus)))


def _move_levels(changes: Iterable[tuple[int, int, int]]) -> set[int]:
    """Change levels by (level id, on hand, reserved), summed per level; returns those the rules refused."""
    sums: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for level_id, on_hand, reserved in changes:
        sums[level_id] = (sums[level_id][0] + on_hand, sums[level_id][1] + reserved)
    by_level = {
        "levels": list(sums),
        "on_hand": [on_hand for on_hand, _reserved in sums.values()],
        "reserved": [reserved for _on_hand, reserved in sums.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(MOVE_SQL, by_level)
        return set(sums) - {level_id for (level_id,) in cursor.fetchall()}


class NotEnoughStock(Conflict):
    """`lines` in the details names each SKU with the quantity wanted and the quantity left."""

    code = "not_enough_stock"
    message = _("Not enough in stock: %(titles)s.")


def save_warehouse(*, warehouse: Warehouse, by: Actor, now: datetime | None = None) -> Warehouse:
    """Save a new or changed warehouse. Raises Denied. Records warehouse.saved."""
    return save_row(warehouse, by, now)
