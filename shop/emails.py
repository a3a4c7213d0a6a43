"""What every letter about an order says: its lines, its sums and the link that opens it without an account."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import mail
from shop.models import Order


def send_about(order: Order, template: str, *, key: str, **values: Any) -> None:
    """Send a letter about an order to its buyer, in the order's language. Outside transactions only."""
    with translation.override(order.locale):
        mail.send(template, to=order.email, key=key, values={**_facts(order), **values})


def _facts(order: Order) -> dict[str, Any]:
    return {
        "order": order,
        "url": settings.SITE_URL + reverse("shop:order", args=[order.number, order.signature]),
        "lines": [
            {
                "title": line.title,
                "note": line.variant_title,
                "quantity": line.quantity,
                "total": order.money(line.total),
            }
            for line in order.lines.all()
        ],
        "rows": _rows(order),
        "total": order.money(order.total),
        "address": [
            order.shipping_address[part]
            for part in ("name", "company", "street", "extra", "postcode", "city", "region", "country")
            if order.shipping_address.get(part)
        ],
    }


def _rows(order: Order) -> list[tuple[str, Any, str]]:
    """The sums under the lines: label, amount, note."""
    rows: list[tuple[str, Any, str]] = [(_("Subtotal"), order.money(order.subtotal), "")]
    if order.discount:
        rows.append((_("Discount"), -order.money(order.discount), ""))
    if order.shipping_name:
        rows.append((_("Delivery"), order.money(order.shipping) if order.shipping else _("free"), order.shipping_name))
    if order.tax:
        rows.append((_("VAT, included") if order.tax_included else _("Tax"), order.money(order.tax), ""))
    return rows
