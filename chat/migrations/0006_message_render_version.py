"""Which renderer made the HTML of a message. Messages that are there count as made by the oldest."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("chat", "0005_unread_indexes")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="message",
            name="render_version",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
