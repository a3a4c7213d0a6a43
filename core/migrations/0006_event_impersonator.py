"""What staff did in others' names is found; made beside running writes."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("core", "0005_event_origins")]
    operations: ClassVar = [
        AddIndexConcurrently(
            "event",
            models.Index(
                fields=["impersonator_id", "id"],
                condition=~models.Q(impersonator_id=""),
                name="event_impersonator",
            ),
        ),
    ]
