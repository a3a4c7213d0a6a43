"""Write the domains of addresses that are known already as A-labels, as new ones are."""

import re

from django.db import migrations

from core.validation.email_addresses import find_email

BATCH = 500
# Where an address stands, and beside which fields it is unique.
PLACES = (
    ("accounts", "User", ()),
    ("account", "EmailAddress", ("user_id",)),
    ("accounts", "Subscription", ("topic",)),
    ("accounts", "Entitlement", None),
)


def canonicalise(apps, schema_editor):
    for label, name, beside in PLACES:
        rows = apps.get_model(label, name).objects.filter(email__regex=r"[^ -~]")
        for row in rows.only("pk", "email").iterator(chunk_size=BATCH):
            email = find_email(row.email)
            if email == row.email or not re.fullmatch(r"[ -~]+", email):
                continue
            model = type(row)
            same = {} if not beside else {field: getattr(row, field) for field in beside}
            taken = beside is not None and model.objects.filter(email=email, **same).exists()
            if name == "EmailAddress":
                taken = model.objects.filter(email=email).exists()
            if not taken:
                model.objects.filter(pk=row.pk).update(email=email)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_client_approval"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]
    operations = [migrations.RunPython(canonicalise, migrations.RunPython.noop, elidable=True)]
