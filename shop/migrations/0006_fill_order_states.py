"""Give the orders that exist their states. In a transaction of its own, so that no lock on the table is held for long."""

from typing import ClassVar

from django.db import migrations

# What lifecycle.settle_status derives for each order, from the rows as they are.
FILL = """
UPDATE shop_order orders SET
    payment_status = CASE
        WHEN orders.paid_at IS NULL THEN 'unpaid'
        WHEN money.refunded IS NULL OR money.refunded = 0 THEN 'paid'
        WHEN money.refunded >= money.captured THEN 'refunded'
        ELSE 'partly_refunded'
    END,
    fulfilment_status = CASE
        WHEN pieces.sent = 0 THEN 'unfulfilled'
        WHEN pieces.sent = pieces.quantity THEN 'fulfilled'
        ELSE 'partly_fulfilled'
    END
FROM (
    SELECT order_id, sum(quantity) AS quantity, sum(quantity_fulfilled) AS sent FROM shop_orderline GROUP BY order_id
) pieces
LEFT JOIN (
    SELECT order_id, sum(captured) AS captured, sum(refunded) AS refunded FROM shop_payment payment
    WHERE NOT EXISTS (SELECT FROM shop_refund refund WHERE refund.payment_id = payment.id AND refund.cause = 'surplus')
    GROUP BY order_id
) money ON money.order_id = pieces.order_id
WHERE pieces.order_id = orders.id;
"""
CLOSE = "UPDATE shop_order SET status = 'refunded' WHERE status = 'fulfilled' AND payment_status = 'refunded';"
REOPEN = "UPDATE shop_order SET status = 'fulfilled' WHERE status = 'refunded';"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("shop", "0005_order_states")]
    operations: ClassVar = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(CLOSE, REOPEN),
    ]
