"""Indexes for what is unread. Messages and rooms may be many: nobody waits while they are built."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("chat", "0004_notified")]
    operations: ClassVar = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["room", "seq"], name="message_removed"
            ),
        ),
        AddIndexConcurrently(
            model_name="room",
            index=models.Index(
                condition=models.Q(("kind", "public"), _negated=True),
                fields=["last_message_at"],
                name="room_talk_recent",
            ),
        ),
    ]
