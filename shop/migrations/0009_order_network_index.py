"""An index made while the shop runs: a statement of its own, outside a transaction."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("shop", "0008_order_network")]
    operations: ClassVar = [
        AddIndexConcurrently(
            "order",
            models.Index(
                condition=models.Q(("status", "pending_payment"), models.Q(("network", ""), _negated=True)),
                fields=["network"],
                name="order_held_by_network",
            ),
        ),
    ]
