"""Carts and their lines."""

import hashlib
from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Variant
from shop.pricing.models import Market
from shop.shipping.models import ShippingMethod

MAX_QUANTITY = 9999


def digest_token(token: str) -> str:
    """The stored form of a cart's token. Reading the table does not give access to the carts."""
    return hashlib.sha256(token.encode()).hexdigest()


class CartQuerySet(models.QuerySet["Cart"]):
    def open(self) -> Self:
        return self.filter(status=Cart.Status.OPEN)

    def with_token(self, token: str) -> Self:
        return self.filter(token_digest=digest_token(token))

    def locked(self) -> Self:
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")


class Cart(models.Model):
    """A cart of a visitor or a user. It stores no prices: it is priced whenever it is shown.

    `email`, addresses, shipping method and note are what the customer has entered at the checkout so far.
    `version` increases with every change.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ORDERED = "ordered", _("ordered")
        MERGED = "merged", _("merged into another")

    token_digest = models.CharField(_("token digest"), max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="carts", verbose_name=_("person")
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="carts", verbose_name=_("market"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    version = models.PositiveIntegerField(_("version"), default=1)
    email = models.EmailField(_("email address"), max_length=254, blank=True)
    shipping_address = models.JSONField(_("delivery address"), default=dict, blank=True)
    billing_address = models.JSONField(_("billing address"), default=dict, blank=True)
    shipping_method = models.ForeignKey(
        ShippingMethod, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("delivery method")
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now)

    objects = CartQuerySet.as_manager()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "market"], condition=Q(status="open", user__isnull=False), name="cart_one_open_a_person"
            ),
            models.CheckConstraint(condition=Q(status__in=["open", "ordered", "merged"]), name="cart_status"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["updated_at"], name="cart_touched"),
        ]

    def __str__(self) -> str:
        return f"{self.token_digest[:8]} {self.status}"


class CartLine(models.Model):
    """A variant in a cart. `source` is the post or message whose card it was added from. `seen` is the unit price in
    minor units that the visitor saw last, so that a change can be shown.
    """

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines", verbose_name=_("cart"))
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", verbose_name=_("variant"))
    quantity = models.PositiveIntegerField(
        _("quantity"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )
    seen = models.BigIntegerField(_("price seen"), null=True, blank=True)
    source_kind = models.CharField(_("source kind"), max_length=40, blank=True)
    source_id = models.CharField(_("source"), max_length=80, blank=True)
    added_at = models.DateTimeField(_("added at"), default=timezone.now)

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="cart_line_quantity"),
            models.CheckConstraint(
                condition=Q(source_kind="", source_id="") | (~Q(source_kind="") & ~Q(source_id="")),
                name="cart_line_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant_id}"
