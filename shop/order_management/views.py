"""Orders as their buyers see them: by signed link, or after sign-in; paying again; finding one again."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.impersonation.queries import get_impersonation_names
from core import rate_limits
from core.errors import Conflict, DomainError, Unavailable
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther
from core.web.responses import posted
from shop.order_management.cards import get_order_rows
from shop.order_management.forms import FindOrderForm
from shop.order_management.order_page import OrderPage, find_order, get_order_page
from shop.order_management.services import orders as verbs
from shop.order_management.timeline import build_timeline, get_headline
from shop.orders.models import Order
from shop.orders.services import lookup
from shop.payments import providers
from shop.payments.providers.bank_transfer import BankTransfer
from shop.payments.redirects import redirect_to_payment
from shop.payments.services import payments as payment
from shop.payments.services import transfers
from shop.pricing.tax_notes import get_tax_note, get_tax_rows

PAGE_SIZE = 24
FIND_RATE = "10/hour"


@require_safe
@never_cache
def order(request: PageRequest, number: str, signature: str = "") -> HttpResponse:
    """An order, for those who may see it or hold its link. A script asks again while the payment is on its way."""
    found = find_order(number, request.grant, signature)
    if found is None:
        return _redirect_to_sign_in(request)
    page = get_order_page(found)
    template = "shop/order/state.html" if request.htmx else "shop/order/page.html"
    return render(request, template, get_order_context(request, page, signature))


@require_safe
@never_cache
def payment_return(request: PageRequest, number: str, signature: str) -> HttpResponse:
    """Back from the provider: ask it how things stand, then show the order. Its webhook does the same in its time."""
    found = get_order_or_404(request, number, signature)
    for attempt in found.payments.live():
        try:
            payment.sync_payment(payment_id=attempt.pk, by=request.grant.actor)
        except (Unavailable, Conflict) as refusal:
            messages.warning(request, refusal.detail)
    return SeeOther(get_order_url(found, signature))


@require_POST
@never_cache
def payments(request: PageRequest, number: str) -> HttpResponse:
    """Try to pay again, the same way or another."""
    signature = request.POST.get("signature", "")
    found = get_order_or_404(request, number, signature)
    offered = {provider.code for provider in providers.get_offered_providers()}
    provider = request.POST.get("provider", "")
    if provider not in offered:
        messages.error(request, _("Choose a payment method."))
        return SeeOther(get_order_url(found, signature))
    return redirect_to_payment(request, found, provider)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancellation(request: PageRequest, number: str, signature: str = "") -> HttpResponse:
    """Ask, then cancel an order that is not paid yet; its items come back to the cart."""
    signature = signature or request.POST.get("signature", "")
    found = get_order_or_404(request, number, signature)
    back = get_order_url(found, signature)
    if request.method == "POST":
        try:
            verbs.cancel_order(order_id=found.pk, by=request.grant.actor)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("Order cancelled. The items are back in your cart."))
        return SeeOther(back)
    if found.status != Order.Status.PENDING_PAYMENT:
        messages.error(request, verbs.OrderNotCancellable().detail)
        return SeeOther(back)
    is_partly_paid = found.payment_status == Order.PaymentStatus.PARTLY_PAID
    context = {"order": found, "signature": signature, "back": back, "is_partly_paid": is_partly_paid}
    return render(request, "shop/order/cancel_page.html", context)


@login_required
@require_safe
@never_cache
def own_orders(request: PageRequest) -> HttpResponse:
    """All orders of the person who is signed in, newest first."""
    own = Order.objects.filter(user=request.grant.user)
    page = keyset(own, by=("-placed_at", "-id"), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    return render(request, "shop/order/list.html", {"page": page, "rows": get_order_rows(page.items)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: PageRequest) -> HttpResponse:
    """Mail the link of an order to the address it was ordered with. The answer is the same whether it exists or not."""
    form = FindOrderForm(posted(request))
    is_sent = False
    if request.method == "POST" and form.is_valid():
        rate_limits.require(FIND_RATE, "find-order", rate_limits.client_key(request), fail_closed=True)
        lookup.request_link(by=request.grant.actor, **form.cleaned_data)
        is_sent = True
    status = 422 if form.errors else 200
    return render(request, "shop/order/find.html", {"form": form, "is_sent": is_sent}, status=status)


def _redirect_to_sign_in(request: PageRequest) -> HttpResponse:
    """Of an order that is not shown a stranger learns nothing, but may sign in and look again."""
    if request.user.is_authenticated:
        raise Http404
    return redirect_to_login(request.get_full_path())


def get_order_or_404(request: PageRequest, number: str, signature: str = "") -> Order:
    """The order this caller may look at; anything else is not here."""
    found = find_order(number, request.grant, signature)
    if found is None:
        raise Http404
    return found


def get_order_url(found: Order, signature: str = "") -> str:
    """The order's page, by the way one came."""
    return reverse("shop:order", args=[found.number, signature] if signature else [found.number])


def get_order_context(request: PageRequest, page: OrderPage, signature: str = "") -> dict[str, Any]:
    """What an order's page shows; `may_refund` and `may_fulfil` open staff's forms."""
    found, by = page.order, request.grant.actor
    waits = found.status == Order.Status.PENDING_PAYMENT
    live = page.payment_summary.live
    transfer = live if waits and live and live.provider == BankTransfer.code else None
    is_declined = waits and live is None and page.payment_summary.latest is not None
    sent_at = max((shipment.fulfilment.at for shipment in page.shipments), default=None)
    is_known = by.can("shop.view_order") or (found.user_id is not None and found.user == by.user)
    return {
        "order": found,
        "payment": page.payment_summary,
        "signature": signature,
        "lines": [_get_line(line, image, found) for line, image in page.lines],
        "rows": _get_rows(page),
        "total": found.money(found.total),
        "tax_note": get_tax_note(found.money(found.tax), included=found.tax_included, country=found.tax_country),
        "shipments": page.shipments,
        # Who holds only the link does not learn the names of people.
        "steps": build_timeline(found, page.events, get_impersonation_names(page.events) if is_known else {}),
        "waits": waits,
        "headline": get_headline(found, is_declined=is_declined, transfer=transfer, sent_at=sent_at),
        "declined": is_declined,
        "transfer": transfer,
        "missing": transfers.get_missing_amount(transfer) if transfer else None,
        "bank_account": settings.BANK_ACCOUNT,
        "providers": [one for one in providers.get_offered_providers() if not transfer or one.code != transfer.provider]
        if waits
        else [],
        "may_refund": by.can("shop.refund_order") and page.can_be_refunded,
        "may_fulfil": by.can("shop.fulfil_order") and page.can_be_sent,
        "may_talk": is_known,
        "is_own": found.user_id is not None and found.user == by.user,  # the panel of conversations serves them
    }


def _get_line(line: Any, image: Any, found: Order) -> dict[str, Any]:
    return {
        "title": line.title,
        "url": f"{reverse('shop:product', args=[line.product_slug])}?variant={line.sku}",
        "note": line.variant_title,
        "image": image,
        "quantity": line.quantity,
        "total": found.money(line.total),
        "refunded": line.quantity_refunded,
    }


def _get_rows(page: OrderPage) -> list[tuple[str, Any, str]]:
    """The sums under the lines: label, amount, note."""
    found = page.order
    rows: list[tuple[str, Any, str]] = [(_("Subtotal"), found.money(found.subtotal), "")]
    if found.discount:
        rows.append((_("Discount"), -found.money(found.discount), ""))
    if found.shipping_name:
        price = found.money(found.shipping) if found.shipping else _("free")
        rows.append((_("Delivery"), price, found.shipping_name))
    return [*rows, *get_tax_rows(found.money(found.tax), included=found.tax_included, country=found.tax_country)]
