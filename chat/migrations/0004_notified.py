"""How far a mail about unread messages has told of them."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("chat", "0003_kept_cards")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="membership",
            name="notified_seq",
            field=models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name="mailed up to"),
        ),
    ]
