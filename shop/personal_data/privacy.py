"""What the shop holds about people.

A paid order is part of the books: number, amounts, lines and the address it is billed to stay for as long as the law
asks (KEEP_INVOICES), then the address goes too. Everything else about the buyer goes when they go.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.privacy import registry as privacy
from accounts.privacy.registry import DataCategory, DataHandler, Person, Records, RetentionPolicy, Words
from shop.addresses.models import SavedAddress
from shop.cart.models import Cart
from shop.orders.models import Fulfilment, Order, OrderLine
from shop.orders.services import retention
from shop.payments.models import Payment, Refund
from shop.reviews.models import Review

CHUNK_SIZE = 500


def get_orders(person: Person) -> QuerySet[Order]:
    """Their own, and those of a guest with an address that is proved to be theirs."""
    return Order.objects.filter(Q(user=person.user) | Q(user__isnull=True, email__in=person.emails))


def get_carts(person: Person) -> QuerySet[Cart]:
    return Cart.objects.filter(Q(user=person.user) | Q(user__isnull=True, email__in=person.emails))


def waits(person: Person) -> Words:
    """What is on its way needs an address, and money that goes back needs somebody to tell."""
    under_way = Q(status__in=[Order.Status.PENDING_PAYMENT, Order.Status.PAID, Order.Status.PARTLY_FULFILLED])
    under_way |= Q(payments__refunds__state=Refund.State.PENDING)
    if not get_orders(person).filter(under_way).exists():
        return ""
    return _("An order is still open. Its data is erased once it has been delivered or cancelled.")


def export(person: Person) -> Iterator[Records]:
    orders = get_orders(person).select_related("market").order_by("pk")
    orders = orders.prefetch_related("lines", "payments__refunds", "fulfilments")
    yield Records(
        "shop/orders.json", _("Your orders and payments."), map(_order, orders.iterator(chunk_size=CHUNK_SIZE))
    )
    carts = get_carts(person).order_by("pk").prefetch_related("lines__variant")
    yield Records("shop/carts.json", _("The items in your carts."), map(_cart, carts.iterator(chunk_size=CHUNK_SIZE)))
    saved = SavedAddress.objects.filter(user=person.user).order_by("pk")
    yield Records(
        "shop/addresses.json",
        _("The addresses you saved."),
        (
            {**one.address, "default": one.is_default, "at": one.created_at}
            for one in saved.iterator(chunk_size=CHUNK_SIZE)
        ),
    )
    reviews = Review.objects.filter(user=person.user).select_related("product").order_by("pk")
    yield Records("shop/reviews.json", _("Your reviews."), map(_review, reviews.iterator(chunk_size=CHUNK_SIZE)))


def erase(person: Person, now: datetime) -> None:
    orders = get_orders(person)
    get_carts(person).delete()
    SavedAddress.objects.filter(user=person.user).delete()
    Fulfilment.objects.filter(order__in=orders).update(tracking_code="", tracking_url="")
    Refund.objects.filter(payment__order__in=orders).update(reason="")
    retention.anonymise_buyer(orders=orders, email=person.user.erased_email)


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "status": order.status,
        "market": order.market.code,
        "email": order.email,
        "shipping_address": order.shipping_address,
        "billing_address": order.billing_address,
        "note": order.note,
        "delivery": order.shipping_name,
        "language": order.locale,
        **{name: order.money(getattr(order, name)) for name in ("subtotal", "discount", "shipping", "tax", "total")},
        **{name: getattr(order, name) for name in ("placed_at", "paid_at", "fulfilled_at", "closed_at")},
        "lines": [_line(order, line) for line in order.lines.all()],
        "payments": [_payment(payment) for payment in order.payments.all()],
        "parcels": [
            {"carrier": parcel.carrier, "tracking_code": parcel.tracking_code, "at": parcel.at}
            for parcel in order.fulfilments.all()
        ],
    }


def _line(order: Order, line: OrderLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "title": line.title,
        "variant": line.variant_title,
        "quantity": line.quantity,
        "unit": order.money(line.unit),
        "discount": order.money(line.discount),
        "total": order.money(line.total),
        "came_from": f"{line.source_kind}:{line.source_id}" if line.source_kind else None,
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "provider": payment.provider,
        "status": payment.status,
        "amount": payment.money(payment.amount),
        "received": payment.money(payment.captured),
        "at": payment.created_at,
        "refunds": [
            {"amount": payment.money(refund.amount), "state": refund.state, "reason": refund.reason}
            for refund in payment.refunds.all()
        ],
    }


def _cart(cart: Cart) -> dict[str, Any]:
    return {
        "status": cart.status,
        "email": cart.email,
        "shipping_address": cart.shipping_address,
        "billing_address": cart.billing_address,
        "note": cart.note,
        "changed_at": cart.updated_at,
        "lines": [
            {"sku": line.variant.sku, "quantity": line.quantity, "added_at": line.added_at} for line in cart.lines.all()
        ],
    }


def _review(review: Review) -> dict[str, Any]:
    names = ("rating", "title", "body", "status", "created_at")
    return {"product": review.product.slug, **{name: getattr(review, name) for name in names}}


INVOICE_RETENTION_REASON = format_lazy(
    _("The law requires us to store invoices for {years} years. After that the address is erased as well."),
    years=settings.INVOICE_YEARS,
)

privacy.register(
    "shop",
    DataHandler(
        words=_("Shop"),
        export=export,
        erase=erase,
        get_obstacle=waits,
        categories=(
            DataCategory(
                _("Delivery address, email address and notes of your orders, and tracking numbers"),
                RetentionPolicy.ERASED,
                {"shop.Order": "email shipping_address note"},
                file="shop/orders.json",
            ),
            DataCategory(
                _("Paid orders: number, items, amounts and billing address"),
                RetentionPolicy.KEPT,
                {"shop.Order": "user billing_address", "shop.BankBooking": "ref statement"},
                why=INVOICE_RETENTION_REASON,
                file="shop/orders.json",
            ),
            DataCategory(
                _("Carts"),
                RetentionPolicy.ERASED,
                {"shop.Cart": "user token_digest email shipping_address billing_address note"},
                file="shop/carts.json",
            ),
            DataCategory(
                _("Saved addresses"),
                RetentionPolicy.ERASED,
                {"shop.SavedAddress": "user address"},
                file="shop/addresses.json",
            ),
            DataCategory(
                _("Reviews"),
                RetentionPolicy.NAMELESS,
                {"shop.Review": "user title body"},
                why=_("Other customers rely on them."),
                file="shop/reviews.json",
            ),
            DataCategory(
                _("Refunds, stock counts and bookings you made as staff"),
                RetentionPolicy.NAMELESS,
                {
                    "shop.Refund": "requested_by reason",
                    "shop.BankBooking": "noted_by",
                    "shop.StockMovement": "actor note",
                },
                why=_("The accounts show what was done, not by whom."),
                not_exported=_("they are internal records"),
            ),
        ),
        unrelated_columns={
            "shop.Order": "number currency quote_hash shipping_name locale network",
            "shop.Refund": "idempotency_key provider_ref error",
            "shop.BankBooking": "currency refund_key",
            "shop.StockMovement": "idempotency_key cause",
        },
    ),
)
