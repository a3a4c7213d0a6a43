"""New e-mail addresses have one @, no white space and no control characters."""

from typing import ClassVar

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("shop", "0010_sku_history_and_addresses")]
    operations: ClassVar = [
        AddConstraintNotValid(
            model_name="order",
            constraint=models.CheckConstraint(condition=models.Q(("email__regex", r"^[^\s@[:cntrl:]]+@[^\s@[:cntrl:]]+$")), name="order_email_shape"),
        ),
    ]
