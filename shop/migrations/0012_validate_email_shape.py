"""Those that are there have them too; nobody waits while they are read."""

from typing import ClassVar

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("shop", "0011_email_shape")]
    operations: ClassVar = [
        ValidateConstraint(model_name="order", name="order_email_shape"),
    ]
