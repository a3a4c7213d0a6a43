"""Where a customer goes to pay."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse

from core.errors import Unavailable
from core.web.http import PageRequest, SeeOther
from shop.orders.models import Order
from shop.payments.services import payments
from shop.payments.services.holds import TooMuchOnHold, TransferNotOffered


def redirect_to_payment(request: PageRequest, order: Order, provider: str) -> HttpResponse:
    """Begin to pay an order and send the customer where that is done; the order's page when there is nothing to do."""
    link = reverse("shop:order", args=[order.number, order.signature])
    if order.status != Order.Status.PENDING_PAYMENT:
        return SeeOther(link)
    return_url = request.build_absolute_uri(reverse("shop:payment_return", args=[order.number, order.signature]))
    try:
        attempt = payments.pay_order(
            order_id=order.pk, provider=provider, return_url=return_url, by=request.grant.actor
        )
    except (Unavailable, payments.OrderNotPayable, TooMuchOnHold, TransferNotOffered) as refusal:
        messages.error(request, refusal.detail)
        return SeeOther(link)
    return SeeOther(attempt.action_url if attempt.is_live and attempt.action_url else link)
