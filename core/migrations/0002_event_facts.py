"""The event log is append-only: facts never change, rows are never deleted."""

from typing import ClassVar

from django.db import migrations

GUARD = """
CREATE FUNCTION core_event_keep_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'events are never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF (to_jsonb(NEW) - 'dispatched_at') IS DISTINCT FROM (to_jsonb(OLD) - 'dispatched_at') THEN
        RAISE EXCEPTION 'the facts of an event never change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_event_keep_facts BEFORE UPDATE OR DELETE ON core_event
    FOR EACH ROW EXECUTE FUNCTION core_event_keep_facts();
"""
UNGUARD = "DROP TRIGGER core_event_keep_facts ON core_event; DROP FUNCTION core_event_keep_facts();"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(GUARD, UNGUARD)]
