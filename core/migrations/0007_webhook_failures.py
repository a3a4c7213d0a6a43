from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_event_impersonator"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "failed")), fields=["done_at"], name="webhook_delivery_failed"
            ),
        ),
    ]
