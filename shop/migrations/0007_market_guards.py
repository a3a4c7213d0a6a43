"""The shop is never without its default market, and the amounts of a market never change their currency."""

from typing import ClassVar

import django.core.validators
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION shop_keep_default_market() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- At the end of the transaction, so that another market can take its place.
    IF OLD.is_default AND EXISTS (SELECT FROM shop_market)
        AND NOT EXISTS (SELECT FROM shop_market WHERE is_default) THEN
        RAISE EXCEPTION 'the shop needs a default market' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER shop_market_keep_default AFTER UPDATE OR DELETE ON shop_market
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop_keep_default_market();

CREATE FUNCTION shop_keep_market_currency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM shop_price WHERE market_id = OLD.id)
        OR EXISTS (SELECT FROM shop_order WHERE market_id = OLD.id)
        OR EXISTS (SELECT FROM shop_shippingmethod WHERE market_id = OLD.id) THEN
        RAISE EXCEPTION 'the currency of a market with amounts never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shop_market_keep_currency BEFORE UPDATE OF currency ON shop_market
    FOR EACH ROW WHEN (OLD.currency IS DISTINCT FROM NEW.currency) EXECUTE FUNCTION shop_keep_market_currency();
"""
NO_GUARDS = """
DROP TRIGGER shop_market_keep_currency ON shop_market;
DROP FUNCTION shop_keep_market_currency();
DROP TRIGGER shop_market_keep_default ON shop_market;
DROP FUNCTION shop_keep_default_market();
"""
AMOUNT = [
    django.core.validators.MinValueValidator(0),
    django.core.validators.MaxValueValidator(1000000000000),
]
DAYS = [django.core.validators.MaxValueValidator(365)]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("shop", "0006_fill_order_states")]
    operations: ClassVar = [
        migrations.RunSQL(GUARDS, NO_GUARDS),
        migrations.AlterField(
            "shippingmethod",
            "amount",
            models.BigIntegerField(validators=AMOUNT, verbose_name="amount in minor units"),
        ),
        migrations.AlterField(
            "shippingmethod",
            "free_over",
            models.BigIntegerField(blank=True, null=True, validators=AMOUNT, verbose_name="free from, in minor units"),
        ),
        migrations.AlterField(
            "shippingmethod",
            "min_days",
            models.PositiveSmallIntegerField(default=1, validators=DAYS, verbose_name="working days at least"),
        ),
        migrations.AlterField(
            "shippingmethod",
            "max_days",
            models.PositiveSmallIntegerField(default=3, validators=DAYS, verbose_name="working days at most"),
        ),
    ]
