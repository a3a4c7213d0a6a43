"""What constraints cannot say: books that only grow, lines that never change, values that fit their option."""

from typing import ClassVar

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION shop_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The person may be forgotten; what was done stays.
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER shop_movement_append_only BEFORE UPDATE OR DELETE ON shop_stockmovement
    FOR EACH ROW EXECUTE FUNCTION shop_append_only();
CREATE TRIGGER shop_ledger_append_only BEFORE UPDATE OR DELETE ON shop_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION shop_append_only();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER shop_ledger_append_only ON shop_ledgerentry;
DROP TRIGGER shop_movement_append_only ON shop_stockmovement;
DROP FUNCTION shop_append_only();
"""

SNAPSHOT = """
CREATE FUNCTION shop_line_keep_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - '{quantity_fulfilled,quantity_refunded,quantity_cancelled}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{quantity_fulfilled,quantity_refunded,quantity_cancelled}'::text[]) THEN
        RAISE EXCEPTION 'what was bought never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shop_line_keep_facts BEFORE UPDATE ON shop_orderline
    FOR EACH ROW EXECUTE FUNCTION shop_line_keep_facts();
"""
NO_SNAPSHOT = "DROP TRIGGER shop_line_keep_facts ON shop_orderline; DROP FUNCTION shop_line_keep_facts();"

VALUE_OF_OPTION = """
ALTER TABLE shop_variantoptionvalue ADD CONSTRAINT variant_value_of_option
    FOREIGN KEY (value_id, option_id) REFERENCES shop_optionvalue (id, option_id);
"""
NO_VALUE_OF_OPTION = "ALTER TABLE shop_variantoptionvalue DROP CONSTRAINT variant_value_of_option;"

# Room in each page for the next version of a row whose counters change all day.
ROOM = "ALTER TABLE shop_stocklevel SET (fillfactor = 70);"
NO_ROOM = "ALTER TABLE shop_stocklevel RESET (fillfactor);"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("shop", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(SNAPSHOT, NO_SNAPSHOT),
        migrations.RunSQL(VALUE_OF_OPTION, NO_VALUE_OF_OPTION),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
