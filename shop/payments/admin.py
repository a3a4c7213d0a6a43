"""Payments, refunds and bookings in the admin, read-only: money moves at the providers."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import BigIntegerField, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.context import grant_of
from core.errors import DomainError
from core.money import Money
from core.staff.read_only_admin import ReadOnlyAdmin
from core.templatetags.ui import money
from shop.payments import providers
from shop.payments.models import BankBooking, LedgerEntry, Payment, Refund, SandboxCharge, WebhookInbox
from shop.payments.services import payments


class MoneyAdmin(ReadOnlyAdmin):
    """Rows with amounts in minor units of their `currency`, shown as money."""

    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [self._get_field(str(name)) for name in super().get_fields(request, obj)]

    def _get_field(self, name: str) -> str | Callable[[Any], str]:
        """The name of a field, or for an amount a function that formats it."""
        field = self.opts.get_field(name)
        if not isinstance(field, BigIntegerField):
            return name

        @admin.display(description=str(field.verbose_name))
        def show_amount(row: Any) -> str:
            return money(Money(getattr(row, name), row.currency))

        return show_amount

    @admin.display(description=_("provider"), ordering="provider")
    def provider_label(self, row: Any) -> str:
        return providers.get_provider_name(row.provider)

    @admin.display(description=_("amount"), ordering="amount")
    def sum(self, row: Any) -> str:
        return money(Money(row.amount, row.currency))


@admin.register(Payment)
class PaymentAdmin(MoneyAdmin):
    list_display = ("created_at", "order", "provider_label", "sum", "status", "provider_ref", "synced_at")
    list_filter = ("status", "provider")
    list_select_related = ("order",)
    search_fields = ("=order__number", "=provider_ref")
    actions = ("sync_payments",)

    def has_sync_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.change_order")

    @admin.action(description=_("Update from the payment provider"), permissions=["sync"])
    def sync_payments(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        updated = 0
        for payment in queryset.order_by("pk"):
            try:
                payments.sync_payment(payment_id=payment.pk, by=grant_of(request).actor)
                updated += 1
            except DomainError as refusal:
                self.message_user(request, f"{payment.provider_ref}: {refusal.detail}", messages.WARNING)
        text = ngettext("%(count)d payment updated.", "%(count)d payments updated.", updated)
        self.message_user(request, text % {"count": updated}, messages.SUCCESS)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(MoneyAdmin):
    list_display = ("at", "order", "kind", "sum", "provider_label", "provider_txn")
    list_filter = ("kind", "provider")
    list_select_related = ("payment__order",)
    search_fields = ("=provider_txn", "=payment__order__number")

    @admin.display(description=_("order"))
    def order(self, entry: LedgerEntry) -> str:
        return entry.payment.order.number


@admin.register(Refund)
class RefundAdmin(MoneyAdmin):
    list_display = ("created_at", "order", "sum", "state", "cause", "reason", "requested_by", "error")
    list_filter = ("state", "cause")
    list_select_related = ("payment__order", "requested_by")
    search_fields = ("=payment__order__number", "=provider_ref")

    @admin.display(description=_("order"))
    def order(self, refund: Refund) -> str:
        return refund.payment.order.number


@admin.register(BankBooking)
class BankBookingAdmin(MoneyAdmin):
    list_display = ("at", "ref", "kind", "sum", "statement", "noted_by")
    list_filter = ("kind",)
    list_select_related = ("noted_by",)
    search_fields = ("=ref", "statement")


@admin.register(SandboxCharge)
class SandboxChargeAdmin(MoneyAdmin):
    list_display = ("created_at", "ref", "description", "sum", "status")
    list_filter = ("status",)
    search_fields = ("=ref", "=description")


@admin.register(WebhookInbox)
class WebhookInboxAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "provider", "event_id", "processed_at", "attempts", "error")
    list_filter = ("provider",)
    search_fields = ("=event_id",)
    show_full_result_count = False
