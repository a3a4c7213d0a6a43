from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_kept_profiles")]

    operations = [
        migrations.AddField(
            "device",
            "app_session",
            models.UUIDField(verbose_name="session of an app", null=True, unique=True, editable=False),
        ),
        migrations.AddField("device", "refresh_id", models.UUIDField(null=True, editable=False)),
        migrations.AddField("device", "refreshed_at", models.DateTimeField(null=True, editable=False)),
        migrations.AddConstraint(
            "device",
            models.CheckConstraint(
                condition=Q(app_session__isnull=True, refresh_id__isnull=True, refreshed_at__isnull=True)
                | Q(app_session__isnull=False, refresh_id__isnull=False, refreshed_at__isnull=False),
                name="device_of_app",
            ),
        ),
    ]
