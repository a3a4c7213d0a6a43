"""Earlier versions of messages never change, and the rows that change all day have room to do so in their page."""

from typing import ClassVar

from django.db import migrations

GUARD = """
CREATE FUNCTION chat_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The editor may be forgotten; what was said stays until the message itself goes.
    IF (to_jsonb(NEW) - 'editor_id') IS DISTINCT FROM (to_jsonb(OLD) - 'editor_id') THEN
        RAISE EXCEPTION 'earlier versions never change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_keep_version BEFORE UPDATE ON chat_messageedit
    FOR EACH ROW EXECUTE FUNCTION chat_keep_version();
"""
UNGUARD = "DROP TRIGGER chat_keep_version ON chat_messageedit; DROP FUNCTION chat_keep_version();"

ROOM = "ALTER TABLE chat_room SET (fillfactor = 50); ALTER TABLE chat_membership SET (fillfactor = 70);"
NO_ROOM = "ALTER TABLE chat_room RESET (fillfactor); ALTER TABLE chat_membership RESET (fillfactor);"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("chat", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(GUARD, UNGUARD), migrations.RunSQL(ROOM, NO_ROOM)]
