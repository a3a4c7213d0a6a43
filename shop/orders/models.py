"""What was bought: orders, their lines, and the parcels they left in."""

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.money import Money
from core.validation.email_addresses import email_constraint
from shop.cart.models import Cart
from shop.catalogue.models import Variant
from shop.pricing.models import Market
from shop.shipping.models import ShippingMethod

if TYPE_CHECKING:
    from core.context import Actor, Grant

_signer = Signer(salt="shop.order")


class OrderQuerySet(models.QuerySet["Order"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def visible_to(self, viewer: "Grant") -> Self:
        """Staff who may view orders see all, a person their own, a stranger none."""
        if viewer.actor.can("shop.view_order"):
            return self
        return self.filter(user=viewer.user) if viewer.user else self.none()


class Order(models.Model):
    """A contract. Amounts are in minor units of `currency` and bound by a constraint; lines never change.

    pending_payment -> paid -> partly_fulfilled -> fulfilled; pending_payment -> expired or cancelled; paid ->
    cancelled when all is given back before anything left, refunded when it is given back after something left. Money
    that comes late revives an expired or cancelled order while there is stock, or goes back.

    `payment_status` and `fulfilment_status` follow the money and the pieces, each by itself;
    `shop.orders.services.lifecycle` keeps them.
    """

    public_kind: ClassVar[str] = "order"

    class Status(models.TextChoices):
        PENDING_PAYMENT = "pending_payment", _("awaiting payment")
        PAID = "paid", _("paid")
        PARTLY_FULFILLED = "partly_fulfilled", _("partly shipped")
        FULFILLED = "fulfilled", _("shipped")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")
        REFUNDED = "refunded", _("refunded")

    class PaymentStatus(models.TextChoices):
        UNPAID = "unpaid", _("not paid")
        PARTLY_PAID = "partly_paid", _("partly paid")
        PAID = "paid", _("paid")
        PARTLY_REFUNDED = "partly_refunded", _("partly refunded")
        REFUNDED = "refunded", _("refunded")

    class FulfilmentStatus(models.TextChoices):
        UNFULFILLED = "unfulfilled", _("not shipped")
        PARTLY_FULFILLED = "partly_fulfilled", _("partly shipped")
        FULFILLED = "fulfilled", _("shipped")

    # An order that may still be, or has been, paid and served. Its cart cannot become a second one.
    CLOSED: ClassVar = (Status.CANCELLED, Status.EXPIRED)
    CONFIRMED: ClassVar = (Status.PAID, Status.PARTLY_FULFILLED, Status.FULFILLED)
    TRANSITIONS: ClassVar = {
        Status.PENDING_PAYMENT: {Status.PAID, Status.CANCELLED, Status.EXPIRED},
        Status.PAID: {Status.PARTLY_FULFILLED, Status.FULFILLED, Status.CANCELLED, Status.REFUNDED},
        Status.PARTLY_FULFILLED: {Status.FULFILLED, Status.REFUNDED},
        # When the refund of what was not sent fails, it is to be sent after all.
        Status.FULFILLED: {Status.PARTLY_FULFILLED, Status.REFUNDED},
        Status.CANCELLED: {Status.PAID},
        Status.EXPIRED: {Status.PAID},
        Status.REFUNDED: set(),
    }

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    cart = models.ForeignKey(
        Cart, models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("cart")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("person"),
    )
    email = models.EmailField(_("email address"), max_length=254)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.PENDING_PAYMENT)
    payment_status = models.CharField(
        _("payment"),
        max_length=20,
        choices=PaymentStatus,
        default=PaymentStatus.UNPAID,
        db_default="unpaid",
        editable=False,
    )
    fulfilment_status = models.CharField(
        _("fulfilment"),
        max_length=20,
        choices=FulfilmentStatus,
        default=FulfilmentStatus.UNFULFILLED,
        db_default="unfulfilled",
        editable=False,
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="orders", verbose_name=_("market"))
    currency = models.CharField(_("currency"), max_length=3)
    subtotal = models.BigIntegerField(_("subtotal"))
    discount = models.BigIntegerField(_("discount"), default=0)
    shipping = models.BigIntegerField(_("shipping"), default=0)
    tax = models.BigIntegerField(_("tax"), default=0)
    tax_included = models.BooleanField(_("prices include tax"), default=True)
    total = models.BigIntegerField(_("total"))
    quote_hash = models.CharField(_("quote"), max_length=64)
    shipping_method = models.ForeignKey(
        ShippingMethod, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("delivery method")
    )
    shipping_name = models.CharField(_("delivery"), max_length=80, blank=True)
    shipping_tax_rate = models.DecimalField(_("tax rate of delivery"), max_digits=6, decimal_places=5, default=0)
    shipping_address = models.JSONField(_("delivery address"), default=dict)
    billing_address = models.JSONField(_("billing address"), default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    locale = models.CharField(_("language"), max_length=10, default="en")
    # A digest of the network that ordered without a confirmed address, for the limits on holds; gone with the hold.
    network = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    placed_at = models.DateTimeField(_("placed at"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    fulfilled_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("expired or cancelled at"), null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering: ClassVar = ["-placed_at", "-id"]
        permissions: ClassVar = [
            ("fulfil_order", _("Can fulfil orders")),
            ("refund_order", _("Can refund orders")),
            ("cancel_order", _("Can cancel orders")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cart"], condition=~Q(status__in=["cancelled", "expired"]), name="order_one_live_a_cart"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending_payment",
                        "paid",
                        "partly_fulfilled",
                        "fulfilled",
                        "cancelled",
                        "expired",
                        "refunded",
                    ]
                ),
                name="order_status",
            ),
            models.CheckConstraint(
                condition=Q(payment_status__in=["unpaid", "partly_paid", "paid", "partly_refunded", "refunded"]),
                name="order_payment_status",
            ),
            models.CheckConstraint(
                condition=Q(fulfilment_status__in=["unfulfilled", "partly_fulfilled", "fulfilled"]),
                name="order_fulfilment_status",
            ),
            models.CheckConstraint(
                condition=Q(subtotal__gte=0, discount__gte=0, discount__lte=F("subtotal"), shipping__gte=0, tax__gte=0),
                name="order_amounts",
            ),
            models.CheckConstraint(
                condition=Q(tax_included=True, total=F("subtotal") - F("discount") + F("shipping"))
                | Q(tax_included=False, total=F("subtotal") - F("discount") + F("shipping") + F("tax")),
                name="order_total",
            ),
            models.CheckConstraint(condition=~Q(email="") & Q(email=Lower("email")), name="order_email_lower"),
            email_constraint("order_email_shape"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="order_currency"),
            models.CheckConstraint(
                condition=Q(status__in=["pending_payment", "cancelled", "expired"]) | Q(paid_at__isnull=False),
                name="order_paid_at",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["cancelled", "expired"], closed_at__isnull=False)
                | (~Q(status__in=["cancelled", "expired"]) & Q(closed_at__isnull=True)),
                name="order_closed_at",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("placed_at").desc(), F("id").desc(), name="order_newest"),
            models.Index("status", F("placed_at").desc(), name="order_by_status"),
            models.Index("user", F("placed_at").desc(), F("id").desc(), name="order_of_person"),
            models.Index(fields=["email"], name="order_email"),
            models.Index(fields=["expires_at"], condition=Q(status="pending_payment"), name="order_expiring"),
            models.Index(
                fields=["network"], condition=Q(status="pending_payment") & ~Q(network=""), name="order_held_by_network"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def public_id(self) -> str:
        return self.number

    @property
    def tax_country(self) -> str:
        """The country whose tax is due: that of the delivery address, or else the first one of the market."""
        return str(self.shipping_address.get("country") or self.market.home_country)

    @property
    def signature(self) -> str:
        """The secret half of the link a guest sees the order with."""
        return _signer.signature(self.number)

    @staticmethod
    def is_valid_signature(number: str, signature: str) -> bool:
        """Whether the link carries the right signature."""
        try:
            _signer.unsign(f"{number}{_signer.sep}{signature}")
        except BadSignature:
            return False
        return True

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    def can_be_managed_by(self, by: "Actor") -> bool:
        """Whether it is somebody's to pay or to cancel: the buyer's, or that of staff whose role says so. No query but
        for permissions.

        A guest's order is for whoever has shown its signed link, which those do not need who see all orders.
        """
        if self.user_id is not None and by.user is not None and by.user.pk == self.user_id:
            return True
        return by.can("shop.cancel_order") or (self.user_id is None and not by.can("shop.view_order"))

    @property
    def is_refunded(self) -> bool:
        """Whether all its money went back."""
        return self.payment_status == self.PaymentStatus.REFUNDED

    @property
    def is_partly_sent(self) -> bool:
        """Whether some of its pieces left and the others did not, be they still to be sent or cancelled."""
        return self.fulfilment_status == self.FulfilmentStatus.PARTLY_FULFILLED

    def can_become(self, status: "Order.Status | str") -> bool:
        return status in self.TRANSITIONS[Order.Status(self.status)]


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def to_send(self) -> Self:
        """Those with pieces that have neither left nor been given back."""
        return self.filter(quantity__gt=F("quantity_fulfilled") + F("quantity_cancelled"))


class OrderLine(models.Model):
    """A snapshot of what was bought at which price; a trigger refuses changes of it.

    `quantity_refunded` pieces were given back in money; `quantity_cancelled` of those had not been sent and never
    will be. `source` is the post or message the customer came from.
    """

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", verbose_name=_("order"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="order_lines", verbose_name=_("variant"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    sku = models.CharField(_("SKU"), max_length=60)
    product_slug = models.CharField(_("product"), max_length=80)
    title = models.CharField(_("title"), max_length=160)
    variant_title = models.CharField(_("variant"), max_length=160, blank=True)
    is_digital = models.BooleanField(_("digital"), default=False)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit = models.BigIntegerField(_("unit price"))
    discount = models.BigIntegerField(_("discount"), default=0)
    total = models.BigIntegerField(_("total"))
    tax_rate = models.DecimalField(_("tax rate"), max_digits=6, decimal_places=5)
    tax = models.BigIntegerField(_("tax"))
    source_kind = models.CharField(_("source kind"), max_length=40, blank=True)
    source_id = models.CharField(_("source"), max_length=80, blank=True)
    quantity_fulfilled = models.PositiveIntegerField(_("shipped"), default=0)
    quantity_refunded = models.PositiveIntegerField(_("refunded"), default=0)
    quantity_cancelled = models.PositiveIntegerField(_("cancelled"), default=0)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "variant"], name="order_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity"),
            models.CheckConstraint(
                condition=Q(unit__gte=0, discount__gte=0, tax__gte=0, total__gte=0)
                & Q(total=F("unit") * F("quantity") - F("discount")),
                name="order_line_total",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("quantity_fulfilled") + F("quantity_cancelled"))
                & Q(quantity__gte=F("quantity_refunded"))
                & Q(quantity_refunded__gte=F("quantity_cancelled")),
                name="order_line_progress",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def to_send(self) -> int:
        """Pieces that have neither left nor been given up."""
        return self.quantity - self.quantity_fulfilled - self.quantity_cancelled

    @property
    def refundable_quantity(self) -> int:
        return self.quantity - self.quantity_refunded


class Fulfilment(models.Model):
    """A parcel that left, or a hand-over at the door."""

    public_kind: ClassVar[str] = "fulfilment"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="fulfilments", verbose_name=_("order"))
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking_code = models.CharField(_("tracking code"), max_length=80, blank=True)
    tracking_url = models.URLField(_("tracking link"), max_length=300, blank=True)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    at = models.DateTimeField(_("shipped at"), default=timezone.now)

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.tracking_code or str(self.uid)

    @property
    def public_id(self) -> str:
        return str(self.uid)


class FulfilmentLine(models.Model):
    """How many pieces of a line are in a parcel."""

    fulfilment = models.ForeignKey(Fulfilment, models.CASCADE, related_name="lines", verbose_name=_("fulfilment"))
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="fulfilment_lines", verbose_name=_("order line"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("fulfilment line")
        verbose_name_plural = _("fulfilment lines")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fulfilment", "line"], name="fulfilment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="fulfilment_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
