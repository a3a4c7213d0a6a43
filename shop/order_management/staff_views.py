"""What staff do with an order on its own page: give money back, send it.

Each address also gives its form alone, so that another page can fetch it where the work is: beside a conversation.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import recent_authentication
from core.errors import DomainError
from core.forms import add_error
from core.templatetags.ui import money
from core.web.http import PageRequest, SeeOther
from core.web.responses import posted
from shop.order_management.order_page import OrderPage, get_order_page
from shop.order_management.services import fulfilment
from shop.order_management.staff_forms import FulfilForm, RefundForm
from shop.order_management.views import get_order_or_404, get_order_url
from shop.payments.services import refunds as refund


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def refunds(request: PageRequest, number: str) -> HttpResponse:
    """Refund, by who said within minutes who they are; the worker carries it out."""
    page = _get_page(request, number, "shop.refund_order")

    def carry_out(form: RefundForm) -> str:
        recent_authentication.require(request)
        made = refund.request_refund(order_id=page.order.pk, by=request.grant.actor, **form.arguments)
        return _("Refund of %(amount)s requested.") % {"amount": money(page.order.money(made.amount))}

    return _handle_form(request, page, build_refund_form(page, posted(request)), "refund", carry_out)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def fulfilments(request: PageRequest, number: str) -> HttpResponse:
    """Record shipment."""
    page = _get_page(request, number, "shop.fulfil_order")

    def carry_out(form: FulfilForm) -> str:
        fulfilment.fulfil_order(order_id=page.order.pk, by=request.grant.actor, **form.arguments)
        return _("Shipment recorded. The customer has been emailed.")

    return _handle_form(request, page, build_fulfil_form(page, posted(request)), "fulfil", carry_out)


def build_refund_form(page: OrderPage, data: Mapping[str, Any] | None = None) -> RefundForm:
    lines = [line for line, _image in page.lines]
    return RefundForm(data, order=page.order, lines=lines, refundable=page.payment_summary.refundable)


def build_fulfil_form(page: OrderPage, data: Mapping[str, Any] | None = None) -> FulfilForm:
    return FulfilForm(data, lines=[line for line, _image in page.lines])


def _get_page(request: PageRequest, number: str, permission: str) -> OrderPage:
    found = get_order_or_404(request, number)
    request.grant.actor.require(permission)
    return get_order_page(found)


def _handle_form(
    request: PageRequest, page: OrderPage, form: Any, name: str, carry_out: Callable[[Any], str]
) -> HttpResponse:
    """Show a form, or carry its wish out and say so."""
    said = ""
    if form.is_bound and form.is_valid():
        try:
            said = carry_out(form)
        except DomainError as refusal:
            add_error(form, refusal)
    if said and not request.htmx:
        messages.success(request, said)
        return SeeOther(get_order_url(page.order))
    template = f"shop/order/{name}_form.html" if request.htmx else f"shop/order/{name}_page.html"
    context = {"order": page.order, "form": form, "said": said}
    return render(request, template, context, status=422 if form.errors else 200)
