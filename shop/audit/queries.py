"""Checks of sums that span rows, which database constraints cannot express."""

from dataclasses import dataclass

from django.db import connection

# Each query returns mismatches: (subject, stored value, computed value).
CHECKS = {
    "reserved equals the live reservations": """
        SELECT variant.sku || '@' || warehouse.code, level.reserved, coalesce(held.sum, 0)
        FROM shop_stocklevel level
        JOIN shop_variant variant ON variant.id = level.variant_id
        JOIN shop_warehouse warehouse ON warehouse.id = level.warehouse_id
        LEFT JOIN (
            SELECT level_id, sum(outstanding) FROM shop_reservation WHERE state IN ('held', 'committed') GROUP BY 1
        ) held ON held.level_id = level.id
        WHERE level.reserved <> coalesce(held.sum, 0)
    """,
    "stock on hand equals the sum of movements": """
        SELECT variant.sku || '@' || warehouse.code, level.on_hand, coalesce(moved.sum, 0)
        FROM shop_stocklevel level
        JOIN shop_variant variant ON variant.id = level.variant_id
        JOIN shop_warehouse warehouse ON warehouse.id = level.warehouse_id
        LEFT JOIN (SELECT level_id, sum(quantity) FROM shop_stockmovement GROUP BY 1) moved ON moved.level_id = level.id
        WHERE level.on_hand <> coalesce(moved.sum, 0)
    """,
    "reserved items equal the items to ship": """
        SELECT subject, promised, wanted FROM (
            SELECT line.sku || ' of ' || orders.number AS subject,
                coalesce((
                    SELECT sum(outstanding) FROM shop_reservation
                    WHERE line_id = line.id AND state IN ('held', 'committed')
                ), 0) AS promised,
                CASE WHEN orders.status IN ('expired', 'cancelled') THEN 0 ELSE
                    line.quantity - line.quantity_fulfilled - line.quantity_cancelled + coalesce((
                        SELECT sum(part.cancelled) FROM shop_refundline part
                        JOIN shop_refund refund ON refund.id = part.refund_id
                        WHERE part.line_id = line.id AND refund.state = 'pending'
                    ), 0)
                END AS wanted
            FROM shop_orderline line JOIN shop_order orders ON orders.id = line.order_id
            WHERE NOT line.is_digital
        ) AS items WHERE promised <> wanted
    """,
    "the value of the goods equals the sum of the lines": """
        SELECT orders.number, orders.subtotal - orders.discount, coalesce(sum(line.total), 0)
        FROM shop_order orders LEFT JOIN shop_orderline line ON line.order_id = orders.id
        GROUP BY orders.id HAVING orders.subtotal - orders.discount <> coalesce(sum(line.total), 0)
    """,
    "shipped items are in fulfilments": """
        SELECT line.sku || ' of ' || orders.number, line.quantity_fulfilled, coalesce(sum(packed.quantity), 0)
        FROM shop_orderline line JOIN shop_order orders ON orders.id = line.order_id
        LEFT JOIN shop_fulfilmentline packed ON packed.line_id = line.id
        WHERE NOT line.is_digital
        GROUP BY line.id, orders.number HAVING line.quantity_fulfilled <> coalesce(sum(packed.quantity), 0)
    """,
    "refunded items are in refunds": """
        SELECT line.sku || ' of ' || orders.number, line.quantity_refunded,
            coalesce(sum(part.quantity) FILTER (WHERE refund.state <> 'failed'), 0)
        FROM shop_orderline line JOIN shop_order orders ON orders.id = line.order_id
        LEFT JOIN shop_refundline part ON part.line_id = line.id
        LEFT JOIN shop_refund refund ON refund.id = part.refund_id
        GROUP BY line.id, orders.number
        HAVING line.quantity_refunded <> coalesce(sum(part.quantity) FILTER (WHERE refund.state <> 'failed'), 0)
    """,
    "captured amounts are in the ledger": """
        SELECT payment.uid::text, payment.captured, coalesce(sum(entry.amount), 0)
        FROM shop_payment payment
        LEFT JOIN shop_ledgerentry entry ON entry.payment_id = payment.id AND entry.kind = 'capture'
        GROUP BY payment.id HAVING payment.captured <> coalesce(sum(entry.amount), 0)
    """,
    "refunded amounts are in the ledger": """
        SELECT payment.uid::text, payment.refunded, coalesce(sum(entry.amount), 0)
        FROM shop_payment payment
        LEFT JOIN shop_ledgerentry entry ON entry.payment_id = payment.id AND entry.kind = 'refund'
        GROUP BY payment.id HAVING payment.refunded <> coalesce(sum(entry.amount), 0)
    """,
    "pending refunds of payments equal the open refunds": """
        SELECT payment.uid::text, payment.refund_pending, coalesce(sum(refund.amount), 0)
        FROM shop_payment payment
        LEFT JOIN shop_refund refund ON refund.payment_id = payment.id AND refund.state = 'pending'
        GROUP BY payment.id HAVING payment.refund_pending <> coalesce(sum(refund.amount), 0)
    """,
    "a paid order was paid its total, other orders nothing": """
        SELECT number, expected, received FROM (
            SELECT orders.number, CASE WHEN orders.paid_at IS NULL THEN 0 ELSE orders.total END AS expected,
                coalesce((SELECT sum(captured) FROM shop_payment WHERE order_id = orders.id), 0)
                - coalesce((
                    SELECT sum(refund.amount) FROM shop_refund refund JOIN shop_payment payment
                    ON payment.id = refund.payment_id
                    WHERE payment.order_id = orders.id AND refund.state <> 'failed'
                    AND (refund.cause = 'surplus' OR orders.paid_at IS NULL)
                ), 0) AS received
            FROM shop_order orders
        ) AS sums WHERE expected <> received
    """,
    "each paid order has one order.paid event": """
        SELECT orders.number, (orders.paid_at IS NOT NULL)::int, count(event.id)
        FROM shop_order orders LEFT JOIN core_event event
            ON event.subject_kind = 'order' AND event.subject_id = orders.number AND event.name = 'order.paid'
        GROUP BY orders.id HAVING (orders.paid_at IS NOT NULL)::int <> count(event.id)
    """,
    "ratings equal the published reviews": """
        SELECT product.slug, product.rating_sum, coalesce(sum(review.rating), 0)
        FROM shop_product product
        LEFT JOIN shop_review review ON review.product_id = product.id AND review.status = 'published'
        GROUP BY product.id
        HAVING product.rating_sum <> coalesce(sum(review.rating), 0) OR product.rating_count <> count(review.id)
    """,
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One sum that does not match."""

    check: str
    subject: str
    written: int
    counted: int


def find_drift() -> list[Drift]:
    """Return all sums that do not match. Reads whole tables, so it is meant for a nightly run."""
    found = []
    with connection.cursor() as cursor:
        for check, query in CHECKS.items():
            cursor.execute(query)
            found += [
                Drift(check, subject, int(written), int(counted)) for subject, written, counted in cursor.fetchall()
            ]
    return found
