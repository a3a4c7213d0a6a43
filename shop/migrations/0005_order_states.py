"""What an order's money and pieces say, each in a column of its own; and the state of what was sent and refunded."""

from typing import ClassVar

from django.db import migrations, models

STATUSES = ["pending_payment", "paid", "partly_fulfilled", "fulfilled", "cancelled", "expired"]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("shop", "0004_popular_on_shelf")]
    operations: ClassVar = [
        migrations.AddField(
            "order",
            "payment_status",
            models.CharField(
                choices=[
                    ("unpaid", "not paid"),
                    ("partly_paid", "partly paid"),
                    ("paid", "paid"),
                    ("partly_refunded", "partly refunded"),
                    ("refunded", "refunded"),
                ],
                db_default="unpaid",
                default="unpaid",
                editable=False,
                max_length=20,
                verbose_name="payment",
            ),
        ),
        migrations.AddField(
            "order",
            "fulfilment_status",
            models.CharField(
                choices=[
                    ("unfulfilled", "not sent"),
                    ("partly_fulfilled", "partly sent"),
                    ("fulfilled", "sent"),
                ],
                db_default="unfulfilled",
                default="unfulfilled",
                editable=False,
                max_length=20,
                verbose_name="fulfilment",
            ),
        ),
        migrations.AlterField(
            "order",
            "status",
            models.CharField(
                choices=[
                    ("pending_payment", "waiting for payment"),
                    ("paid", "paid"),
                    ("partly_fulfilled", "partly sent"),
                    ("fulfilled", "sent"),
                    ("cancelled", "cancelled"),
                    ("expired", "expired"),
                    ("refunded", "refunded"),
                ],
                default="pending_payment",
                max_length=20,
                verbose_name="status",
            ),
        ),
        migrations.RemoveConstraint("order", "order_status"),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(condition=models.Q(status__in=[*STATUSES, "refunded"]), name="order_status"),
        ),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                condition=models.Q(payment_status__in=["unpaid", "partly_paid", "paid", "partly_refunded", "refunded"]),
                name="order_payment_status",
            ),
        ),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                condition=models.Q(fulfilment_status__in=["unfulfilled", "partly_fulfilled", "fulfilled"]),
                name="order_fulfilment_status",
            ),
        ),
    ]
