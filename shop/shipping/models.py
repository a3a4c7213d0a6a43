"""Delivery methods."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.pricing.models import COUNTRY, MAX_AMOUNT, MAX_DELIVERY_DAYS, Market


class ShippingMethodQuerySet(models.QuerySet["ShippingMethod"]):
    def to(self, market: Market, country: str) -> Self:
        """Those that reach a country, in order. A pick-up has no country and reaches everyone."""
        reaches = Q(countries__contains=[country]) | Q(is_pick_up=True)
        return self.filter(reaches, market=market, is_active=True).order_by("position", "id")


class ShippingMethod(models.Model):
    """A way an order reaches its buyer, and what it costs; free from `free_over` on."""

    public_kind: ClassVar[str] = "shipping_method"

    market = models.ForeignKey(Market, models.PROTECT, related_name="shipping_methods", verbose_name=_("market"))
    code = models.SlugField(_("code"), max_length=30)
    name = models.CharField(_("name"), max_length=80)
    amount = models.BigIntegerField(_("amount"), validators=[MinValueValidator(0), MaxValueValidator(MAX_AMOUNT)])
    free_over = models.BigIntegerField(
        _("free from"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_AMOUNT)],
    )
    min_days = models.PositiveSmallIntegerField(
        _("minimum working days"), default=1, validators=[MaxValueValidator(MAX_DELIVERY_DAYS)]
    )
    max_days = models.PositiveSmallIntegerField(
        _("maximum working days"), default=3, validators=[MaxValueValidator(MAX_DELIVERY_DAYS)]
    )
    countries = ArrayField(
        models.CharField(max_length=2, validators=[COUNTRY]), verbose_name=_("countries"), default=list, blank=True
    )
    is_pick_up = models.BooleanField(_("pick-up"), default=False)
    is_active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = ShippingMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery method")
        verbose_name_plural = _("delivery methods")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["market", "code"], name="shipping_method_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="shipping_amount"),
            models.CheckConstraint(condition=Q(min_days__lte=F("max_days")), name="shipping_days"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return f"{self.market.code}-{self.code}"
