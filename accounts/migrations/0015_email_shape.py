"""New e-mail addresses have one @, no white space and no control characters."""

from typing import ClassVar

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0014_ban_email_hint")]
    operations: ClassVar = [
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(condition=models.Q(("email__regex", r"^[^\s@[:cntrl:]]+@[^\s@[:cntrl:]]+$")), name="user_email_shape"),
        ),
        AddConstraintNotValid(
            model_name="subscription",
            constraint=models.CheckConstraint(condition=models.Q(("email__regex", r"^[^\s@[:cntrl:]]+@[^\s@[:cntrl:]]+$")), name="subscription_email_shape"),
        ),
        AddConstraintNotValid(
            model_name="entitlement",
            constraint=models.CheckConstraint(condition=models.Q(('email', '')) | models.Q(("email__regex", r"^[^\s@[:cntrl:]]+@[^\s@[:cntrl:]]+$")), name="entitlement_email_shape"),
        ),
    ]
