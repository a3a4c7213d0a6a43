"""From where events came that concern the safety of accounts."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

FILL = """
INSERT INTO core_eventorigin (event_id, at, address, agent)
SELECT id, at, NULL, '' FROM core_event
WHERE split_part(name, '.', 1) IN ('user', 'role', 'api_key', 'client', 'consent', 'signing_key', 'webhook');
"""
GUARD = """
CREATE FUNCTION core_eventorigin_only_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'origins are forgotten, not deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.event_id, NEW.at) IS DISTINCT FROM (OLD.event_id, OLD.at)
        OR NEW.address IS NOT NULL AND NEW.address IS DISTINCT FROM OLD.address
        OR NEW.agent <> '' AND NEW.agent <> OLD.agent THEN
        RAISE EXCEPTION 'an origin is only forgotten' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_eventorigin_only_forget BEFORE UPDATE OR DELETE ON core_eventorigin
    FOR EACH ROW EXECUTE FUNCTION core_eventorigin_only_forget();
"""
UNGUARD = """
DROP TRIGGER core_eventorigin_only_forget ON core_eventorigin; DROP FUNCTION core_eventorigin_only_forget();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core", "0004_impersonators")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="EventOrigin",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="origin",
                        serialize=False,
                        to="core.event",
                        verbose_name="event",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="address")),
                ("agent", models.CharField(blank=True, max_length=200, verbose_name="browser")),
            ],
            options={
                "verbose_name": "entry of the security log",
                "verbose_name_plural": "security log",
                "default_permissions": (),
                "permissions": [("view_security_log", "Can read the security log and take it out")],
                "indexes": [
                    models.Index(fields=["-at", "-event"], name="origin_at"),
                    models.Index(fields=["address", "-at"], name="origin_address"),
                ],
            },
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
