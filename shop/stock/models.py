"""What is on the shelf, who holds it, and every change of it."""

from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from shop.catalogue.models import Variant


class Warehouse(models.Model):
    """A place with shelves. Orders are served from the lowest priority number first."""

    public_kind: ClassVar[str] = "warehouse"

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    priority = models.PositiveSmallIntegerField(_("priority"), default=0)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering: ClassVar = ["priority", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return self.code


class StockLevelQuerySet(models.QuerySet["StockLevel"]):
    def locked(self) -> Self:
        """Row locks in key order, so that two carts with the same things never wait for each other in a circle."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")


class StockLevel(models.Model):
    """How many pieces of a variant a warehouse has and how many of them are promised.

    The constraint is the promise of the shop: nothing is sold that is not there, beyond what is allowed on backorder.
    Only `shop.stock.services` writes the counters; no index names them, so that updating them stays cheap (HOT).
    """

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="levels", verbose_name=_("warehouse"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="levels", verbose_name=_("variant"))
    on_hand = models.IntegerField(_("on hand"), default=0, editable=False)
    reserved = models.IntegerField(_("reserved"), default=0, editable=False)
    backorder_limit = models.PositiveIntegerField(
        _("backorder limit"), default=0, help_text=_("Number of items that may be sold while out of stock.")
    )
    low_at = models.PositiveIntegerField(
        _("low stock threshold"), default=3, help_text=_("Stock at or below this number is shown as low.")
    )

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        ordering: ClassVar = ["variant_id", "warehouse_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["variant", "warehouse"], name="stock_level_once"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_on_hand"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, reserved__lte=F("on_hand") + F("backorder_limit")),
                name="stock_never_oversold",
            ),
        ]
        permissions: ClassVar = [("adjust_stock", _("Can receive and adjust stock"))]

    def __str__(self) -> str:
        return f"{self.variant.sku}, {self.warehouse.name}"

    @property
    def in_stock(self) -> int:
        """Pieces on the shelf that nobody holds; never negative."""
        return max(self.on_hand - self.reserved, 0)

    @property
    def available(self) -> int:
        """Pieces that can be sold now, backorders included."""
        return self.on_hand - self.reserved + self.backorder_limit


class StockMovement(models.Model):
    """One change of `on_hand`. Written once and never changed: a trigger refuses it. The sum is what is on hand."""

    class Reason(models.TextChoices):
        RECEIVED = "received", _("received")
        ADJUSTED = "adjusted", _("adjusted")
        SHIPPED = "shipped", _("shipped")
        RESTOCKED = "restocked", _("restocked")

    class Cause(models.TextChoices):
        """Why a count was corrected."""

        COUNTED = "counted", _("stocktake")
        DAMAGED = "damaged", _("damaged")
        LOST = "lost", _("lost or stolen")
        FOUND = "found", _("found")
        RETURNED = "returned", _("returned by a customer")
        USED = "used", _("used or given away")
        OTHER = "other", _("other, see the note")

    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="movements", verbose_name=_("stock level"))
    quantity = models.IntegerField(_("change"))
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause, blank=True, default="", db_default="")
    note = models.CharField(_("note"), max_length=200, blank=True)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves"),
            models.CheckConstraint(
                condition=Q(reason__in=["received", "adjusted", "shipped", "restocked"]), name="movement_reason"
            ),
            models.CheckConstraint(
                condition=Q(cause__in=["", "counted", "damaged", "lost", "found", "returned", "used", "other"]),
                name="movement_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d}, {self.get_reason_display()}"


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def live(self) -> Self:
        """Those that count in their level's `reserved`."""
        return self.filter(state__in=Reservation.LIVE)


class Reservation(models.Model):
    """Pieces of a level promised to an order line.

    held (order unpaid) -> committed (paid) -> consumed (shipped); held or committed -> released (given back).
    `outstanding` is what still counts in the level's `reserved`: shipments and part refunds lower it.
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        COMMITTED = "committed", _("committed")
        RELEASED = "released", _("released")
        CONSUMED = "consumed", _("consumed")

    LIVE: ClassVar = (State.HELD, State.COMMITTED)

    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="reservations", verbose_name=_("stock level"))
    line = models.ForeignKey(
        "shop.OrderLine", models.PROTECT, related_name="reservations", verbose_name=_("order line")
    )
    quantity = models.PositiveIntegerField(_("quantity"), validators=[MinValueValidator(1)])
    outstanding = models.PositiveIntegerField(_("outstanding"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.HELD)
    at = models.DateTimeField(_("at"), default=timezone.now)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["level", "line"], condition=Q(state__in=["held", "committed"]), name="reservation_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, outstanding__lte=F("quantity")), name="reservation_quantity"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["held", "committed"], outstanding__gt=0)
                | Q(state__in=["released", "consumed"], outstanding=0),
                name="reservation_state",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["level"], condition=Q(state__in=["held", "committed"]), name="reservation_live"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity}, {self.get_state_display()}"
