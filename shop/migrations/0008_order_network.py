"""Where unpaid orders of unproven buyers came from, for as long as they hold stock."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("shop", "0007_market_guards")]
    operations: ClassVar = [
        migrations.AddField(
            "order",
            "network",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=32),
        ),
    ]
