"""Orders for staff: all of one on a page, and what can be done with it."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.impersonation.queries import get_impersonation_names
from core.context import grant_of
from core.errors import DomainError
from core.money import Money
from core.staff.actions import act
from core.staff.history import describe_all
from core.staff.read_only_admin import ReadOnlyAdmin
from core.templatetags.ui import money
from core.web.responses import posted
from shop.order_management.order_page import get_order_page, get_refunds
from shop.order_management.services import fulfilment, orders
from shop.order_management.services import orders as verbs
from shop.order_management.staff_forms import FulfilForm, RefundForm, StatementForm, TransferForm
from shop.order_management.staff_views import build_fulfil_form, build_refund_form
from shop.orders.models import Order
from shop.payments.models import Payment, Refund
from shop.payments.providers.bank_transfer import BankTransfer
from shop.payments.services import refunds as refund
from shop.payments.services import transfers
from shop.pricing.tax_notes import get_tax_name
from shop.stock.models import Reservation


def get_totals(order: Order) -> list[tuple[str, str]]:
    """The sums of an order, one below the other, as on its invoice."""
    rows = [(_("Subtotal"), money(order.money(order.subtotal)))]
    if order.discount:
        rows.append((_("Discount"), money(order.money(-order.discount))))
    delivery = _("Delivery: %(method)s") % {"method": order.shipping_name} if order.shipping_name else _("Delivery")
    rows.append((delivery, money(order.money(order.shipping))))
    name = get_tax_name(order.tax_country)
    label = _("Includes %(tax)s") % {"tax": name} if order.tax_included else capfirst(name)
    rows.append((label, money(order.money(order.tax))))
    return [*rows, (_("Total"), money(order.money(order.total)))]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """An order is not edited: it is sent, refunded or cancelled, and says so in its timeline."""

    list_display = ("number", "placed_at", "email", "status", "payment_status", "fulfilment_status", "sum", "market")
    list_filter = ("status", "payment_status", "fulfilment_status", "market", "placed_at")
    list_select_related = ("market",)
    search_fields = ("=number", "=email")
    show_full_result_count = False
    change_form_template = "shop/admin/order.html"
    fields = (
        "number",
        "status",
        "payment_status",
        "fulfilment_status",
        "email",
        "user",
        "market",
        "sum",
        "shipping_name",
        "note",
        "placed_at",
        "paid_at",
    )

    @admin.display(description=gettext_lazy("total"), ordering="total")
    def sum(self, order: Order) -> str:
        return money(order.money(order.total))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Adds the lines, the money, the parcels and the timeline, and which verbs are open."""
        order: Order = context["original"]
        page = get_order_page(order)
        in_names = get_impersonation_names(page.events)
        happened = zip(page.events, describe_all(page.events), strict=True)
        by = grant_of(request).actor
        context |= {
            "page": page,
            "refunds": get_refunds(page),
            "happened": [(entry, in_names.get(event.pk, "")) for event, entry in happened],
            "totals": get_totals(order),
            "may_fulfil": by.can("shop.fulfil_order") and page.can_be_sent,
            "may_refund": by.can("shop.refund_order") and page.can_be_refunded,
            "may_cancel": by.can("shop.cancel_order") and order.status == Order.Status.PENDING_PAYMENT,
            "may_note": by.can("shop.note_transfer"),
            "transfer": transfers.get_latest_attempt(order),
            "transfer_code": BankTransfer.code,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        views = {"refund": self.refund, "fulfil": self.fulfil, "cancel": self.cancel, "transfer": self.transfer}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"shop_order_{name}")
            for name, view in views.items()
        ]
        sent = self.admin_site.admin_view(self.refund_sent)
        return [
            *own,
            path("<int:pk>/refunds/<uuid:uid>/sent/", sent, name="shop_order_refund_sent"),
            *super().get_urls(),
        ]

    def refund(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Refund; the worker carries it out."""
        order = self._order(request, pk)

        def carry_out(form: RefundForm) -> str:
            made = refund.request_refund(order_id=order.pk, by=grant_of(request).actor, **form.arguments)
            return _("Refund of %(amount)s requested.") % {"amount": money(order.money(made.amount))}

        page = get_order_page(order)
        if request.method == "GET" and not page.can_be_refunded:
            return self._not_possible(request, order, _("This order has nothing left to refund."))
        form = build_refund_form(page, posted(request))
        return self._act(request, order, form, carry_out, title=_("Refund"), permission="shop.refund_order")

    def fulfil(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record shipment."""
        order = self._order(request, pk)

        def carry_out(form: FulfilForm) -> str:
            fulfilment.fulfil_order(order_id=order.pk, by=grant_of(request).actor, **form.arguments)
            return _("Shipment recorded. The customer has been emailed.")

        page = get_order_page(order)
        if request.method == "GET" and not page.can_be_sent:
            return self._not_possible(request, order, _("This order has no items to ship."))
        form = build_fulfil_form(page, posted(request))
        return self._act(request, order, form, carry_out, title=_("Record shipment"), permission="shop.fulfil_order")

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cancel an order that waits for its payment."""
        order = self._order(request, pk)

        def carry_out(form: forms.Form) -> str:
            verbs.cancel_order(order_id=order.pk, by=grant_of(request).actor)
            return _("Order cancelled.")

        if request.method == "GET" and order.status != Order.Status.PENDING_PAYMENT:
            return self._not_possible(request, order, str(verbs.OrderNotCancellable.message))
        form = forms.Form(posted(request))
        return self._act(request, order, form, carry_out, title=_("Cancel order"), permission="shop.cancel_order")

    def transfer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note a transfer that came in for an order, with its amount."""
        order = self._order(request, pk)
        attempt = transfers.get_latest_attempt(order)

        def carry_out(form: TransferForm) -> str:
            if attempt is None:
                raise transfers.UnknownReference
            paid = transfers.record_transfer(ref=attempt.provider_ref, by=grant_of(request).actor, **form.cleaned_data)
            return self._noted(order, paid, form.cleaned_data["amount"])

        due = transfers.get_missing_amount(attempt).amount if attempt and attempt.is_live else None
        form = TransferForm(posted(request), currency=order.currency, initial={"amount": due})
        return self._act(
            request, order, form, carry_out, title=_("Record bank transfer"), permission="shop.note_transfer"
        )

    def _noted(self, order: Order, paid: Payment, amount: Money) -> str:
        """What a noted transfer came to, in words."""
        if paid.is_live:
            words = _("%(amount)s recorded. %(missing)s is still due. The customer has been emailed.")
            return words % {"amount": money(amount), "missing": money(transfers.get_missing_amount(paid))}
        page = get_order_page(Order.objects.get(pk=order.pk))
        if page.payment_summary.surplus:
            words = _(
                "%(amount)s recorded. The customer paid %(surplus)s too much: refund it and mark the refund as sent."
            )
            return words % {"amount": money(amount), "surplus": money(page.payment_summary.surplus)}
        return _("Transfer recorded. The order is paid.")

    def refund_sent(self, request: HttpRequest, pk: int, uid: Any) -> HttpResponse:
        """Note that the money of a refund by transfer was sent."""
        order = self._order(request, pk)
        made = get_object_or_404(Refund, uid=uid, payment__order=order)

        def carry_out(form: StatementForm) -> str:
            statement = form.cleaned_data["statement"]
            transfers.record_refund_sent(refund_id=made.pk, statement=statement, by=grant_of(request).actor)
            return _("Refund completed.")

        form = StatementForm(posted(request))
        return self._act(
            request, order, form, carry_out, title=_("Mark refund as sent"), permission="shop.note_transfer"
        )

    def _order(self, request: HttpRequest, pk: int) -> Order:
        order = get_object_or_404(Order, pk=pk)
        if not self.has_view_permission(request, order):
            raise PermissionDenied
        return order

    def _not_possible(self, request: HttpRequest, order: Order, words: str) -> HttpResponse:
        self.message_user(request, words, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:shop_order_change", args=[order.pk]))

    def _act(
        self, request: HttpRequest, order: Order, form: forms.Form, carry_out: Any, *, title: str, permission: str
    ) -> HttpResponse:
        title = f"{title}: {order.number}"
        return act(self, request, order, title=title, permission=permission, form=form, carry_out=carry_out)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    """Who holds what, and until when; staff may release what unpaid orders hold."""

    list_display = ("at", "sku", "order", "buyer", "quantity", "outstanding", "state", "held_until")
    list_filter = ("state",)
    list_select_related = ("level__variant", "line__order")
    search_fields = ("=line__order__number", "=line__order__email", "=level__variant__sku")
    show_full_result_count = False
    actions = ("release",)

    @admin.display(description=gettext_lazy("SKU"))
    def sku(self, reservation: Reservation) -> str:
        return reservation.level.variant.sku

    @admin.display(description=gettext_lazy("order"))
    def order(self, reservation: Reservation) -> SafeString:
        found = reservation.line.order
        return format_html('<a href="{}">{}</a>', reverse("admin:shop_order_change", args=[found.pk]), found.number)

    @admin.display(description=gettext_lazy("buyer"))
    def buyer(self, reservation: Reservation) -> str:
        return reservation.line.order.email

    @admin.display(description=gettext_lazy("reserved until"))
    def held_until(self, reservation: Reservation) -> datetime | None:
        return reservation.line.order.expires_at if reservation.state == Reservation.State.HELD else None

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.cancel_order")

    @admin.action(description=gettext_lazy("Cancel the unpaid orders"), permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet[Reservation]) -> None:
        held = queryset.filter(state=Reservation.State.HELD)
        numbers = set(held.order_by().values_list("line__order__number", flat=True))
        try:
            ended = orders.release_holds(numbers=numbers, by=grant_of(request).actor)
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.WARNING)
            return
        text = ngettext("%(count)d unpaid order cancelled.", "%(count)d unpaid orders cancelled.", ended)
        self.message_user(request, text % {"count": ended}, messages.SUCCESS if ended else messages.WARNING)
