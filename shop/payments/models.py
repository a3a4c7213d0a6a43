"""Money: attempts to pay, what the provider confirmed, and what went back."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.money import Money
from shop.orders.models import Order, OrderLine


class PaymentQuerySet(models.QuerySet["Payment"]):
    def without_surplus(self) -> Self:
        """Payments but those whose money was too much and goes back."""
        surplus = Refund.objects.filter(payment=OuterRef("pk"), cause=Refund.Cause.SURPLUS)
        return self.filter(~Exists(surplus))

    def are_partly_received(self) -> bool:
        """Whether a bank booking exists for one of these that is still live. One query."""
        refs = self.live().filter(provider_ref__gt="").values("provider_ref")
        return BankBooking.objects.filter(ref__in=refs).exists()

    def locked(self) -> Self:
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def live(self) -> Self:
        """Attempts that may still bring money."""
        return self.filter(status__in=Payment.LIVE)

    def with_surplus(self) -> Self:
        """Adds `is_surplus`: whether the money came late or twice, and goes back."""
        surplus = Refund.objects.filter(payment=OuterRef("pk"), cause=Refund.Cause.SURPLUS)
        return self.annotate(is_surplus=Exists(surplus))


class Payment(models.Model):
    """One attempt to pay an order. Amounts are in minor units of `currency`.

    created -> pending -> captured; created or pending -> declined or cancelled. A closed attempt whose money comes
    late becomes captured all the same: the provider is right. Only `sync_payment` changes it.
    """

    public_kind: ClassVar[str] = "payment"

    class Status(models.TextChoices):
        CREATED = "created", _("created")
        PENDING = "pending", _("waiting")
        CAPTURED = "captured", _("received")
        DECLINED = "declined", _("declined")
        CANCELLED = "cancelled", _("cancelled")

    LIVE: ClassVar = (Status.CREATED, Status.PENDING)

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    provider = models.CharField(_("provider"), max_length=20)
    provider_ref = models.CharField(_("reference at the provider"), max_length=120, blank=True)
    action_url = models.CharField(_("payment page"), max_length=500, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"))
    captured = models.BigIntegerField(_("received"), default=0)
    refunded = models.BigIntegerField(_("refunded"), default=0)
    refund_pending = models.BigIntegerField(_("pending refunds"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CREATED)
    decline_code = models.CharField(_("decline code"), max_length=60, blank=True)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    synced_at = models.DateTimeField(_("last updated from the provider"), null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=["created", "pending"]), name="payment_one_live_an_order"
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"], condition=~Q(provider_ref=""), name="payment_ref_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["created", "pending", "captured", "declined", "cancelled"]),
                name="payment_status",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refund_pending__gte=0, captured__lte=F("amount"))
                & Q(captured__gte=F("refunded") + F("refund_pending")),
                name="payment_never_refunds_more",
            ),
            models.CheckConstraint(condition=Q(captured=0) | Q(status="captured"), name="payment_captured_status"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["synced_at"], condition=Q(status__in=["created", "pending"]), name="payment_to_sync"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_ref or self.uid}, {self.get_status_display()}"

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def refundable(self) -> int:
        """What can still go back, in minor units."""
        return self.captured - self.refunded - self.refund_pending

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)


class LedgerEntry(models.Model):
    """Money that moved at the provider. Written once and never changed: a trigger refuses it.

    Unique per provider, transaction and kind, so the same news told twice is written once.
    """

    class Kind(models.TextChoices):
        CAPTURE = "capture", _("received")
        REFUND = "refund", _("refunded")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="entries", verbose_name=_("payment"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    provider = models.CharField(_("provider"), max_length=20)
    provider_txn = models.CharField(_("transaction at the provider"), max_length=120)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "provider_txn", "kind"], name="ledger_entry_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_amount"),
            models.CheckConstraint(condition=Q(kind__in=["capture", "refund"]), name="ledger_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {Money(self.amount, self.currency).format()}"


class Refund(models.Model):
    """Money to give back. Written before the provider is asked; done when the provider says so.

    `cause` says whose wish it was: staff's, the house's own (money that came too late or twice), or the provider's
    (made at their dashboard, found by us).
    """

    public_kind: ClassVar[str] = "refund"

    class State(models.TextChoices):
        PENDING = "pending", _("on its way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    class Cause(models.TextChoices):
        STAFF = "staff", _("requested by staff")
        SURPLUS = "surplus", _("late or duplicate payment")
        EXTERNAL = "external", _("made at the provider")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    amount = models.BigIntegerField(_("amount"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause, default=Cause.STAFF)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    restock = models.BooleanField(_("restock"), default=False)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    provider_ref = models.CharField(_("reference at the provider"), max_length=120, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    created_at = models.DateTimeField(_("requested at"), default=timezone.now)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount"),
            models.CheckConstraint(condition=Q(state__in=["pending", "done", "failed"]), name="refund_state"),
            models.CheckConstraint(condition=Q(cause__in=["staff", "surplus", "external"]), name="refund_cause"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="refund_done_at",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], condition=Q(state="pending"), name="refund_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.payment.money(self.amount).format()}, {self.get_state_display()}"

    @property
    def currency(self) -> str:
        return self.payment.currency

    @property
    def public_id(self) -> str:
        return str(self.uid)


class RefundLine(models.Model):
    """Which pieces a refund is for. `cancelled` of them had not been sent."""

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="lines", verbose_name=_("refund"))
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refund_lines", verbose_name=_("order line"))
    quantity = models.PositiveIntegerField(_("quantity"))
    cancelled = models.PositiveIntegerField(_("of these not shipped"), default=0)
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("refund line")
        verbose_name_plural = _("refund lines")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["refund", "line"], name="refund_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, cancelled__lte=F("quantity"), amount__gte=0), name="refund_line_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"


class WebhookInboxQuerySet(models.QuerySet["WebhookInbox"]):
    def waiting(self) -> Self:
        return self.filter(processed_at__isnull=True, attempts__lt=WebhookInbox.MAX_ATTEMPTS)


class WebhookInbox(models.Model):
    """What a provider told us, kept before it is acted on. Its body is only a hint: the provider is asked again."""

    MAX_ATTEMPTS: ClassVar[int] = 8

    provider = models.CharField(_("provider"), max_length=20)
    event_id = models.CharField(_("event"), max_length=120)
    payload = models.JSONField(_("payload"), default=dict)
    body = models.BinaryField(_("body"), db_default=b"", editable=False)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)

    objects = WebhookInboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook received")
        verbose_name_plural = _("webhooks received")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["provider", "event_id"], name="webhook_once")]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(processed_at__isnull=True), name="webhook_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"


class SandboxCharge(models.Model):
    """The sandbox provider's own book: a charge as a bank keeps it. The shop reads it only through the provider."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        NEEDS_STEP = "needs_step", _("needs a second step")
        SUCCEEDED = "succeeded", _("succeeded")
        DECLINED = "declined", _("declined")
        CANCELLED = "cancelled", _("cancelled")

    ref = models.CharField(_("reference"), max_length=60, unique=True)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    description = models.CharField(_("description"), max_length=120, blank=True)
    return_url = models.CharField(_("return address"), max_length=500, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    decline_code = models.CharField(_("decline code"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("sandbox charge")
        verbose_name_plural = _("sandbox charges")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.ref} {self.status}"


class SandboxRefund(models.Model):
    """Money the sandbox gave back."""

    charge = models.ForeignKey(SandboxCharge, models.CASCADE, related_name="refunds", verbose_name=_("charge"))
    ref = models.CharField(_("reference"), max_length=60, unique=True)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    amount = models.BigIntegerField(_("amount"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("sandbox refund")
        verbose_name_plural = _("sandbox refunds")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.ref


class BankBooking(models.Model):
    """A line of the bank statement, noted by staff: what came in for a transfer's reference, or what was sent back."""

    class Kind(models.TextChoices):
        IN = "in", _("received")
        OUT = "out", _("refunded")

    ref = models.CharField(_("reference"), max_length=60, db_index=True)
    kind = models.CharField(_("kind"), max_length=5, choices=Kind)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"))
    statement = models.CharField(
        _("bank statement line"),
        max_length=100,
        unique=True,
        help_text=_("Text that identifies this booking on the bank statement."),
    )
    refund_key = models.CharField(_("key of the refund"), max_length=120, blank=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("bank booking")
        verbose_name_plural = _("bank bookings")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("note_transfer", _("Can record bank transfers"))]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="bank_booking_amount"),
            models.CheckConstraint(condition=Q(kind__in=["in", "out"]), name="bank_booking_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.ref}: {Money(self.amount, self.currency).format()} {self.get_kind_display()}"
