"""Place orders. An order is recorded before it is paid, so that every payment has an order."""

import secrets
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Conflict, Invalid
from core.events import services as events
from shop.addresses import validation
from shop.cart import queries as carts
from shop.cart.models import Cart
from shop.cart.queries import TaxRateMissing
from shop.cart.services import CartClosed, InvalidEmail, NotForSale, UnknownShipping
from shop.orders.models import Order, OrderLine
from shop.orders.services import lifecycle
from shop.payments import providers
from shop.payments.services import holds
from shop.payments.services.payments import add_payment
from shop.pricing import calculation
from shop.shipping.models import ShippingMethod
from shop.stock import services as stock
from shop.stock.services import NotEnoughStock

# Without vowels, so that it spells no words, and without 0, 1 and I, which are easily confused.
NUMBER_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
NUMBER_LENGTH = 10


class CartEmpty(Invalid):
    code = "cart_empty"
    message = _("Your cart is empty.")


class QuoteChanged(Conflict):
    """The total has changed since the customer saw it. The details have the new `quote_hash` and `total`."""

    code = "quote_changed"
    message = _("The total has changed to %(total)s. Review it before you place the order.")


@transaction.atomic
def place_order(
    *, cart_id: int, quote_hash: str, provider: str, by: Actor, locale: str = "en", now: datetime | None = None
) -> Order:
    """Create an order from a complete cart, and reserve its stock until the order expires.

    If the cart is an order already, that order is returned. Locks the cart, for a buyer without a confirmed address
    the advisory locks of holds, and last the stock levels. Raises CartClosed, CartEmpty,
    NotForSale, NotEnoughStock, InvalidEmail, addresses.InvalidAddress, UnknownShipping, TaxNotDecided, QuoteChanged,
    holds.TooMuchOnHold, holds.TransferNotOffered, providers.UnknownProvider. Records order.placed, for a free order
    order.paid too.
    """
    now = now or timezone.now()
    payment_provider = providers.get_offered_provider(provider)
    cart = Cart.objects.locked().select_related("market", "user", "shipping_method__market").get(pk=cart_id)
    if cart.status != Cart.Status.OPEN:
        return _get_placed_order(cart)
    view = _check_cart(cart, now)
    if view.quote.hash != quote_hash:
        raise QuoteChanged(total=view.quote.total, quote_hash=view.quote.hash)
    is_confirmed = by.kind == "system" or holds.has_confirmed_email(cart.user)
    network = "" if is_confirmed else holds.network_digest()
    if not is_confirmed and view.quote.total:
        items = sum(entry.line.quantity for entry in view.lines if not entry.line.variant.is_digital)
        email, total = cart.email.lower(), view.quote.total
        holds.check_hold_limits(email=email, network=network, items=items, total=total, provider=payment_provider)
    expires_at = now + holds.get_hold_duration(payment_provider, is_confirmed=is_confirmed)
    order = _create_order(view, locale=locale, network=network, expires_at=expires_at, now=now)
    lines = _create_lines(order, view)
    if order.total:
        add_payment(order, provider, now=now)
    cart.status = Cart.Status.ORDERED
    cart.save(update_fields=["status"])
    data = {"currency": order.currency, "amount": order.total, "provider": provider if order.total else ""}
    events.record("order.placed", order, by=by, now=now, **data)
    stock.reserve(lines, now=now)
    if not order.total:
        lifecycle.confirm_order(order, by=by, now=now)
    return order


def _get_placed_order(cart: Cart) -> Order:
    order = cart.orders.exclude(status__in=Order.CLOSED).first()
    if order is None:
        raise CartClosed
    return order


def _check_cart(cart: Cart, now: datetime) -> carts.CartView:
    """Return the priced cart if it can be ordered. The reservation checks the stock again."""
    if not cart.email:
        raise InvalidEmail(field="email")
    method = cart.shipping_method
    view = carts.price_cart(cart, country=cart.shipping_address.get("country", ""), method=method, now=now)
    if not view.lines:
        raise CartEmpty
    for entry in view.lines:
        if entry.unit is None:
            raise NotForSale(title=entry.line.variant.product.title)
    if view.problems:
        lacking = [
            {"sku": entry.sku, "wanted": entry.line.quantity, "available": max(entry.available, 0)}
            for entry in view.problems
        ]
        titles = ", ".join(entry.line.variant.product.title for entry in view.problems)
        raise NotEnoughStock(titles=titles, lines=lacking)
    if view.needs_shipping or cart.shipping_address:
        validation.clean_address(cart.shipping_address, field="shipping")
    if view.needs_shipping and not _reaches(method, view):
        raise UnknownShipping(field="shipping_method")
    if view.untaxed:
        raise TaxRateMissing.of(view)
    return view


def _reaches(method: ShippingMethod | None, view: carts.CartView) -> bool:
    if method is None or not method.is_active or method.market_id != view.cart.market_id:
        return False
    return method.is_pick_up or view.country in method.countries


def _create_order(view: carts.CartView, *, locale: str, network: str, expires_at: datetime, now: datetime) -> Order:
    cart, quote = view.cart, view.quote
    return Order.objects.create(
        number=_generate_number(),
        cart=cart,
        user=cart.user,
        email=cart.email.lower(),
        market=cart.market,
        currency=quote.currency,
        subtotal=quote.subtotal.minor,
        discount=quote.discount.minor,
        shipping=quote.shipping.minor,
        tax=quote.tax.minor,
        tax_included=quote.tax_included,
        total=quote.total.minor,
        quote_hash=quote.hash,
        shipping_method=view.method,
        shipping_name=view.method.name if view.method else "",
        shipping_tax_rate=quote.shipping_tax_rate,
        shipping_address=cart.shipping_address,
        billing_address=cart.billing_address or cart.shipping_address,
        note=cart.note,
        locale=locale,
        network=network,
        placed_at=now,
        expires_at=expires_at,
    )


def _create_lines(order: Order, view: carts.CartView) -> list[OrderLine]:
    priced = {line.sku: line for line in view.quote.lines}
    return OrderLine.objects.bulk_create(
        _build_line(order, position, entry, priced[entry.sku]) for position, entry in enumerate(view.lines)
    )


def _build_line(order: Order, position: int, entry: carts.CartViewLine, quoted: calculation.QuoteLine) -> OrderLine:
    variant = entry.line.variant
    return OrderLine(
        order=order,
        variant=variant,
        position=position,
        sku=variant.sku,
        product_slug=variant.product.slug,
        title=variant.product.title,
        variant_title=variant.title,
        is_digital=variant.is_digital,
        quantity=quoted.quantity,
        unit=quoted.unit.minor,
        discount=quoted.discount.minor,
        total=quoted.total.minor,
        tax_rate=quoted.tax_rate,
        tax=quoted.tax.minor,
        source_kind=entry.line.source_kind,
        source_id=entry.line.source_id,
    )


def _generate_number() -> str:
    # 28 to the power of 10: with ten million orders, one in thirty million placements meets a number that is taken,
    # is refused by the unique index as a whole, and succeeds when tried again.
    return "".join(secrets.choice(NUMBER_ALPHABET) for _digit in range(NUMBER_LENGTH))
