"""What every letter about an order says: its lines, its sums and the link that opens it without an account."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import rate_limits
from core.mail import services as mail
from core.task_queue import enqueue_best_effort
from shop.orders.models import Order
from shop.payments.services import holds
from shop.pricing.tax_notes import get_tax_name

DELAY_MARGIN_SECONDS = 60
MAX_ORDERS = 20


def send_order_email(order: Order, template: str, *, key: str, **values: Any) -> None:
    """Send a letter about an order to its buyer, in the order's language. Outside transactions only."""
    with translation.override(order.locale):
        mail.send(template, to=order.email, key=key, values={**_get_order_values(order), **values})


def send_unpaid_order_email(order: Order, template: str, *, key: str, **values: Any) -> None:
    """The same about an order that is not paid. An address that nobody confirmed gets few an hour; the rest wait.

    What waits joins in one mail, which says how all its orders stand.
    """
    if order.paid_at is None and not holds.has_confirmed_email(order.user):
        verdict = rate_limits.hit(settings.GUEST_ORDER_MAILS, "order-mail", order.email)
        if not verdict.allowed:
            if cache.add(f"order-mails:{order.email}", True, verdict.reset_after + DELAY_MARGIN_SECONDS):
                enqueue_best_effort("shop.send_waiting_orders", order.number, delay=verdict.reset_after)
            return
    send_order_email(order, template, key=key, **values)


def send_waiting_orders(*, number: str) -> None:
    """One mail about all unpaid orders of the guest who placed this one. Outside transactions only."""
    latest = Order.objects.get(number=number)
    waiting = Order.objects.filter(status=Order.Status.PENDING_PAYMENT, user=None, email=latest.email)
    orders = list(waiting.order_by("-placed_at", "-id")[:MAX_ORDERS])
    if orders:
        key = f"order-mails:{orders[0].number}:{len(orders)}"
        rows = [(order, order.money(order.total), _get_order_url(order)) for order in orders]
        with translation.override(latest.locale):
            values = {"rows": rows, "account": settings.BANK_ACCOUNT, "url": rows[0][2]}
            mail.send("orders_waiting", to=latest.email, key=key, values=values)


def _get_order_url(order: Order) -> str:
    return f"{settings.SITE_URL}{reverse('shop:order', args=[order.number, order.signature])}"


def _get_order_values(order: Order) -> dict[str, Any]:
    return {
        "order": order,
        "url": _get_order_url(order),
        "lines": [
            {
                "title": line.title,
                "note": line.variant_title,
                "quantity": line.quantity,
                "total": order.money(line.total),
            }
            for line in order.lines.all()
        ],
        "rows": _get_rows(order),
        "total": order.money(order.total),
        "address": [
            order.shipping_address[part]
            for part in ("name", "company", "street", "extra", "postcode", "city", "region", "country")
            if order.shipping_address.get(part)
        ],
    }


def _get_rows(order: Order) -> list[tuple[str, Any, str]]:
    """The sums under the lines: label, amount, note."""
    rows: list[tuple[str, Any, str]] = [(_("Subtotal"), order.money(order.subtotal), "")]
    if order.discount:
        rows.append((_("Discount"), -order.money(order.discount), ""))
    if order.shipping_name:
        rows.append((_("Delivery"), order.money(order.shipping) if order.shipping else _("free"), order.shipping_name))
    if order.tax:
        name = get_tax_name(order.tax_country)
        label = _("Includes %(tax)s") % {"tax": name} if order.tax_included else capfirst(name)
        rows.append((label, order.money(order.tax), ""))
    return rows
