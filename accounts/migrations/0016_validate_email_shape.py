"""Those that are there have them too; nobody waits while they are read."""

from typing import ClassVar

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0015_email_shape")]
    operations: ClassVar = [
        ValidateConstraint(model_name="user", name="user_email_shape"),
        ValidateConstraint(model_name="subscription", name="subscription_email_shape"),
        ValidateConstraint(model_name="entitlement", name="entitlement_email_shape"),
    ]
