"""Load ninety days of orders: paid at the first or second attempt, shipped, refunded, or expired."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from core.money import Money
from demo.loading.catalogue import get_method_code
from demo.loading.studio import DEMO_ACTOR, Step, Studio, read_content
from shop.cart import queries as carts
from shop.cart import services as cart
from shop.checkout import services as checkout
from shop.order_management.services import fulfilment, orders
from shop.orders.models import Order
from shop.payments.providers import sandbox
from shop.payments.services import payments, refunds

CARRIERS = {"standard": "An Post", "express": "DHL Express", "pick-up": ""}
CARD, TRANSFER = "sandbox", "bank_transfer"
# Unpaid orders expire shortly after the hold ends.
PAYMENT_TIMEOUT = sandbox.Sandbox.hold + timedelta(minutes=1)


def steps(studio: Studio) -> Iterator[Step]:
    """Yield the steps of each order."""
    people = {person["email"]: person for person in read_content("people.json")}
    zones = {
        country: zone["name"]
        for zone in read_content("site.json")["shipping"]["zones"]
        for country in zone["countries"]
    }
    for data in read_content("orders.json"):
        name, placed = f"order:{data['index']}", studio.ago(data["days_ago"])
        address = data["address"] or people[data["email"]]["address"]
        method = get_method_code(data["shipping"], zones[address["country"]])
        yield Step(placed, name, partial(_place_order, studio, name, data | {"address": address, "method": method}))
        tries = data["attempts"]
        for place, outcome in enumerate(tries, start=1):
            at = placed + timedelta(minutes=data["paid_after_minutes"] * place / len(tries))
            yield Step(at, f"{name}:pay:{place}", partial(_pay_order, studio, name, data["email"], outcome))
        if data["outcome"] == "expired":
            yield Step(placed + PAYMENT_TIMEOUT, f"{name}:expire", _expire_payment)
        if data["fulfilled_after_days"] is not None:
            at = placed + timedelta(days=data["fulfilled_after_days"])
            yield Step(at, f"{name}:send", partial(_ship_order, studio, name, data["shipping"]))
        if data["refund"]:
            at = placed + timedelta(days=data["refund"]["after_days"])
            yield Step(at, f"{name}:refund", partial(_refund_order, studio, name, data["refund"]))


def _place_order(studio: Studio, name: str, data: dict[str, Any], now: datetime) -> None:
    by = studio.actor(data["email"])
    basket, _token = cart.open_cart(by=by, now=now)
    # The cart still holds the items of an expired order.
    for left in list(basket.lines.values_list("variant__sku", flat=True)):
        cart.remove_line(cart_id=basket.pk, sku=left, by=by, now=now)
    source = (data["source"]["kind"], data["source"]["slug"]) if data["source"] else None
    for line in data["lines"]:
        cart.add_line(cart_id=basket.pk, sku=line["sku"], quantity=line["quantity"], source=source, by=by, now=now)
    basket = cart.set_details(
        cart_id=basket.pk,
        email=data["email"],
        shipping_address=data["address"],
        shipping_method=data["method"],
        note=data["note"],
        by=by,
        now=now,
    )
    view = carts.price_cart(basket, country=data["address"]["country"], method=basket.shipping_method, now=now)
    provider = TRANSFER if data["outcome"] == "pending" else CARD
    order = checkout.place_order(cart_id=basket.pk, quote_hash=view.quote.hash, provider=provider, by=by, now=now)
    attempt = order.payments.get()
    payments.start_payment(payment_id=attempt.pk, return_url=settings.SITE_URL, by=by, now=now)
    studio.made[name] = order.number


def _pay_order(studio: Studio, name: str, email: str, outcome: str, now: datetime) -> None:
    """Make one card payment attempt and process the provider's response."""
    order = Order.objects.get(number=studio.made[name])
    if order.status != Order.Status.PENDING_PAYMENT:
        return
    by = studio.actor(email)
    attempt = payments.pay_order(order_id=order.pk, provider=CARD, return_url=settings.SITE_URL, by=by, now=now)
    if sandbox.get_charge(attempt.provider_ref).settled_at is None:
        choice = sandbox.Outcome.PAY if outcome == "paid" else sandbox.Outcome.DECLINE
        sandbox.settle_charge(ref=attempt.provider_ref, outcome=choice, now=now, webhook_delays=())
    payments.sync_payment(payment_id=attempt.pk, by=DEMO_ACTOR, now=now)


def _expire_payment(now: datetime) -> None:
    orders.expire_orders(by=DEMO_ACTOR, now=now)


def _ship_order(studio: Studio, name: str, shipping: str, now: datetime) -> None:
    order = Order.objects.get(number=studio.made[name])
    if order.status != Order.Status.PAID:
        return
    carrier = CARRIERS[shipping]
    tracking = f"NT{order.pk:09d}IE" if carrier else ""
    fulfilment.fulfil_order(order_id=order.pk, by=studio.owner, carrier=carrier, tracking_code=tracking, now=now)


def _refund_order(studio: Studio, name: str, data: dict[str, Any], now: datetime) -> None:
    order = Order.objects.get(number=studio.made[name])
    if order.paid_at is None:
        return
    uids = dict(order.lines.values_list("sku", "uid"))
    refund = refunds.request_refund(
        order_id=order.pk,
        reason=data["reason"],
        by=studio.agent,
        amount=Money.parse(data["amount"], order.currency) if data["amount"] else None,
        lines={str(uids[line["sku"]]): line["quantity"] for line in data["lines"]} or None,
        restock=any(line["restock"] for line in data["lines"]),
        now=now,
    )
    refunds.carry_out_refund(refund_id=refund.pk, by=DEMO_ACTOR, now=now)
