"""Events keep who of the staff really acted, where it was done in somebody's name."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core", "0003_webhooks")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="event",
            name="impersonator_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Staff who really acted.",
                max_length=80,
                verbose_name="in their name",
            ),
        ),
    ]
