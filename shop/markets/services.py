"""Where the shop sells and at which tax. What would close the shop, or change what its prices mean, is refused."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from core.context import Actor
from core.currencies import MINOR_DIGITS
from core.errors import Conflict, Invalid
from core.events import services as events
from shop.pricing.models import Market, Price, TaxRate
from shop.shipping.models import ShippingMethod


class InvalidMarket(Invalid):
    code = "invalid_market"
    message = _("Check the market's currency and countries.")


class DefaultMarketNeeded(Conflict):
    code = "default_market_needed"
    message = _("The shop needs a default market. To change it, make another market the default.")


class CurrencyInUse(Conflict):
    code = "currency_in_use"
    message = _("The currency cannot change: there are prices, delivery methods or orders in %(currency)s.")


@transaction.atomic
def save_market(*, market: Market, by: Actor, now: datetime | None = None) -> Market:
    """Save a new or changed market. A market that becomes the default takes the place of the former one.

    Locks all markets. Raises Denied, InvalidMarket, DefaultMarketNeeded, CurrencyInUse. Records market.added or
    market.changed.
    """
    is_new = market.pk is None
    by.require("shop.add_market" if is_new else "shop.change_market")
    list(Market.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    check_market(pk=market.pk, currency=market.currency, countries_in=market.countries, is_default=market.is_default)
    if market.is_default:
        Market.objects.exclude(pk=market.pk).filter(is_default=True).update(is_default=False)
    market.save()
    data = {"currency": market.currency, "countries": market.countries, "is_default": market.is_default}
    if is_new:
        events.record("market.added", market, by=by, now=now, **data)
    else:
        events.record("market.changed", market, by=by, now=now, **data)
    return market


def check_market(*, pk: int | None, currency: str, countries_in: list[str], is_default: bool) -> None:
    """Whether a market may be saved like this. Raises InvalidMarket, DefaultMarketNeeded, CurrencyInUse."""
    if currency not in MINOR_DIGITS:
        raise InvalidMarket(_("Enter a currency code that is in use, such as EUR."), field="currency")
    unknown = [code for code in countries_in if code not in dict(countries)]
    if unknown or not countries_in:
        raise InvalidMarket(_("Use two-letter country codes, such as DE."), field="countries")
    others = Market.objects.filter(is_default=True).exclude(pk=pk or 0)
    if not is_default and not others.exists():
        raise DefaultMarketNeeded(field="is_default")
    former = Market.objects.filter(pk=pk or 0).first()
    if former and former.currency != currency and has_amounts(former):
        raise CurrencyInUse(currency=former.currency, field="currency")


def has_amounts(market: Market) -> bool:
    """Whether anything is kept in the market's currency."""
    return market.orders.exists() or any(
        model.objects.filter(market=market).exists() for model in (Price, ShippingMethod)
    )


@transaction.atomic
def delete_market(*, market: Market, by: Actor, now: datetime | None = None) -> None:
    """Delete a market that nothing refers to and that is not the default one.

    Locks it. Raises Denied, DefaultMarketNeeded, and ProtectedError while there are prices, carts or orders.
    """
    by.require("shop.delete_market")
    locked = Market.objects.select_for_update().get(pk=market.pk)
    if locked.is_default:
        raise DefaultMarketNeeded
    events.record("market.deleted", locked, by=by, now=now)
    locked.delete()


@transaction.atomic
def save_tax_rate(*, rate: TaxRate, by: Actor, now: datetime | None = None) -> TaxRate:
    """Save the rate of a tax class in a country; orders that exist keep theirs. Raises Denied.

    Records tax_rate.changed.
    """
    by.require("shop.change_taxrate" if rate.pk else "shop.add_taxrate")
    rate.save()
    events.record("tax_rate.changed", rate, by=by, now=now, rate=str(rate.rate))
    return rate


@transaction.atomic
def delete_tax_rate(*, rate: TaxRate, by: Actor, now: datetime | None = None) -> None:
    """Take a rate away: nothing of its class is sold to the country any more. Raises Denied.

    Records tax_rate.deleted.
    """
    by.require("shop.delete_taxrate")
    events.record("tax_rate.deleted", rate, by=by, now=now, rate=str(rate.rate))
    rate.delete()
