"""Sales and refunds, one row for each event of the shop, and their sources."""

from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SaleFactQuerySet(models.QuerySet["SaleFact"]):
    def between(self, first: date, last: date) -> Self:
        """Both days included."""
        return self.filter(day__gte=first, day__lte=last)


class SaleFact(models.Model):
    """A paid order or a refund. `amount` is in minor units of `currency`, never negative."""

    class Kind(models.TextChoices):
        PAID = "paid", _("paid")
        REFUNDED = "refunded", _("refunded")

    event_uid = models.UUIDField(_("event"), unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    order = models.CharField(_("order"), max_length=80)
    at = models.DateTimeField(_("at"))
    day = models.DateField(_("day"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"))

    objects = SaleFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["paid", "refunded"]), name="sale_kind"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="sale_amount"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="sale_currency"),
        ]
        indexes: ClassVar = [models.Index(fields=["day", "currency"], include=["kind", "amount"], name="sale_day")]

    def __str__(self) -> str:
        return f"{self.order} {self.kind}"


class SaleSource(models.Model):
    """The part of a sale that is attributed to an object, such as the post whose product card was followed."""

    fact = models.ForeignKey(SaleFact, models.CASCADE, related_name="sources", verbose_name=_("sale"))
    kind = models.CharField(_("kind"), max_length=40)
    public_id = models.CharField(_("public id"), max_length=80)
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("source of a sale")
        verbose_name_plural = _("sources of sales")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fact", "kind", "public_id"], name="sale_source_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="sale_source_amount"),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "public_id"], name="sale_source_thing")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.public_id}"
