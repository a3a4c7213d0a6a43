"""Money for staff, to look at: it moves at the providers, and the books follow."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.context import grant_of
from core.errors import DomainError
from core.money import Money
from core.staff.read_only_admin import ReadOnlyAdmin
from core.templatetags.ui import money
from shop.payments.models import BankBooking, LedgerEntry, Payment, Refund, SandboxCharge, WebhookInbox
from shop.payments.services import payments


class MoneyAdmin(ReadOnlyAdmin):
    """Rows with an amount in minor units and a currency."""

    show_full_result_count = False

    @admin.display(description=_("amount"), ordering="amount")
    def sum(self, row: LedgerEntry) -> str:
        return money(Money(row.amount, row.currency))


@admin.register(Payment)
class PaymentAdmin(MoneyAdmin):
    list_display = ("created_at", "order", "provider", "sum", "status", "provider_ref", "synced_at")
    list_filter = ("status", "provider")
    list_select_related = ("order",)
    search_fields = ("=order__number", "=provider_ref")
    actions = ("ask_provider",)

    def has_ask_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.change_order")

    @admin.action(description=_("Ask the provider how it stands"), permissions=["ask"])
    def ask_provider(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        asked = 0
        for payment in queryset.order_by("pk"):
            try:
                payments.sync_payment(payment_id=payment.pk, by=grant_of(request).actor)
                asked += 1
            except DomainError as refusal:
                self.message_user(request, f"{payment.provider_ref}: {refusal.detail}", messages.WARNING)
        text = ngettext("%(count)d payment was looked up.", "%(count)d payments were looked up.", asked)
        self.message_user(request, text % {"count": asked}, messages.SUCCESS)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(MoneyAdmin):
    list_display = ("at", "order", "kind", "sum", "provider", "provider_txn")
    list_filter = ("kind", "provider")
    list_select_related = ("payment__order",)
    search_fields = ("=provider_txn", "=payment__order__number")

    @admin.display(description=_("order"))
    def order(self, entry: LedgerEntry) -> str:
        return entry.payment.order.number


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "order", "sum", "state", "cause", "reason", "requested_by", "error")
    list_filter = ("state", "cause")
    list_select_related = ("payment__order", "requested_by")
    search_fields = ("=payment__order__number", "=provider_ref")
    show_full_result_count = False

    @admin.display(description=_("order"))
    def order(self, refund: Refund) -> str:
        return refund.payment.order.number

    @admin.display(description=_("amount"), ordering="amount")
    def sum(self, refund: Refund) -> str:
        return money(refund.payment.money(refund.amount))


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
