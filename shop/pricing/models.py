"""What things cost, where: markets, prices with their history, taxes and delivery."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.errors import Unavailable
from core.money import Money

COUNTRY = RegexValidator(r"^[A-Z]{2}$", _("Enter a two-letter country code in capitals, such as DE."))
# Of one price, in minor units: a cart of many such still fits what a column of amounts holds.
MAX_AMOUNT = 10**12
MAX_DELIVERY_DAYS = 365
CURRENCY = RegexValidator(r"^[A-Z]{3}$", _("Enter a three-letter currency code in capitals, such as EUR."))


class TaxClass(models.TextChoices):
    STANDARD = "standard", _("standard")
    REDUCED = "reduced", _("reduced")
    ZERO = "zero", _("zero")


class ShopNotOpen(Unavailable):
    code = "shop_not_open"
    message = _("The shop is not set up yet. Add a market in the admin and make it the default.")


class MarketQuerySet(models.QuerySet["Market"]):
    def default(self) -> "Market":
        """The market of a visitor we know nothing of. Raises ShopNotOpen in an empty shop."""
        market = self.filter(is_default=True).first()
        if market is None:
            raise ShopNotOpen
        return market


class Market(models.Model):
    """Where we sell: one currency and one way of showing tax. The first country is used before an address is known."""

    public_kind: ClassVar[str] = "market"

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3, validators=[CURRENCY])
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    countries = ArrayField(models.CharField(max_length=2, validators=[COUNTRY]), verbose_name=_("countries"))
    is_default = models.BooleanField(_("default"), default=False)

    objects = MarketQuerySet.as_manager()

    class Meta:
        verbose_name = _("market")
        verbose_name_plural = _("markets")
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="market_one_default"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="market_currency"),
            models.CheckConstraint(condition=Q(countries__len__gte=1), name="market_has_country"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return self.code

    @property
    def home_country(self) -> str:
        return self.countries[0]

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)


def from_now_on() -> DateTimeTZRange:
    return DateTimeTZRange(timezone.now(), None)


class PriceQuerySet(models.QuerySet["Price"]):
    def valid(self, market: Market, now: datetime) -> Self:
        return self.filter(market=market, valid__contains=now)


class Price(models.Model):
    """What one piece costs in a market from a quantity on, during a span of time.

    Two prices can never hold at once: an exclusion constraint refuses overlapping spans. Old prices stay as history.
    """

    variant = models.ForeignKey("shop.Variant", models.CASCADE, related_name="prices", verbose_name=_("variant"))
    market = models.ForeignKey(Market, models.PROTECT, related_name="prices", verbose_name=_("market"))
    min_qty = models.PositiveSmallIntegerField(_("from quantity"), default=1, validators=[MinValueValidator(1)])
    amount = models.BigIntegerField(_("amount"), validators=[MinValueValidator(0)])
    valid = DateTimeRangeField(_("valid"), default=from_now_on)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering: ClassVar = ["variant_id", "market_id", "min_qty", "valid"]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="price_never_two_at_once",
                expressions=[
                    ("variant", RangeOperators.EQUAL),
                    ("market", RangeOperators.EQUAL),
                    ("min_qty", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(min_qty__gte=1), name="price_min_qty"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_amount"),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="price_valid_some_time"),
        ]

    def __str__(self) -> str:
        return self.market.money(self.amount).format()


class TaxRate(models.Model):
    """The rate of a tax class in a country, as a fraction: 0.19 is 19 %. Without a row nothing of the class is sold."""

    public_kind: ClassVar[str] = "tax_rate"

    tax_class = models.CharField(_("tax class"), max_length=10, choices=TaxClass)
    country = models.CharField(_("country"), max_length=2, validators=[COUNTRY])
    rate = models.DecimalField(
        _("rate"), max_digits=6, decimal_places=5, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering: ClassVar = ["country", "tax_class"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["country", "tax_class"], name="tax_rate_once"),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lte=1), name="tax_rate_fraction"),
            models.CheckConstraint(condition=Q(tax_class__in=TaxClass.values), name="tax_rate_class"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.tax_class} {self.rate}"

    @property
    def public_id(self) -> str:
        return f"{self.country}:{self.tax_class}"
