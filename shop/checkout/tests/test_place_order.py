"""Placing an order: one transaction, exact totals, nothing left behind by a refusal."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.context import Actor
from core.testing import events_named, no_event, race, snapshot
from shop.addresses.validation import InvalidAddress
from shop.cart import queries as carts
from shop.cart import services as cart
from shop.cart.models import Cart
from shop.cart.services import CartClosed, InvalidEmail, NotForSale, UnknownShipping
from shop.checkout import services as checkout
from shop.checkout.services import CartEmpty, QuoteChanged
from shop.orders.models import Order
from shop.payments import providers
from shop.payments.models import Payment
from shop.stock.models import Reservation, StockLevel
from shop.stock.services import NotEnoughStock
from shop.tests.factories import (
    BERLIN,
    ShippingMethodFactory,
    VariantFactory,
    cart_with,
    get_quote_hash,
    place,
    shop_ready,
)

pytestmark = pytest.mark.usefixtures("sums_hold")
GUEST = Actor.guest()
WRITTEN = (
    "shop.Order",
    "shop.OrderLine",
    "shop.Payment",
    "shop.Reservation",
    "shop.StockLevel",
    "shop.Cart",
    "core.Event",
)


def order_of(opened: Cart, **changes: Any) -> Order:
    asked = {"cart_id": opened.pk, "quote_hash": get_quote_hash(opened), "provider": "sandbox", "by": GUEST}
    return checkout.place_order(**{**asked, **changes})


def test_an_order_is_a_snapshot_of_the_cart_with_its_stock_held() -> None:
    mug, bowl = VariantFactory(sku="MUG", title="Celadon", price=3400), VariantFactory(sku="BOWL", price=1050)
    opened = cart_with({mug: 2, bowl: 1}, source=("post", "on-glazes"))
    now = timezone.now()

    order = order_of(opened, now=now)

    assert (order.status, order.email, order.user) == ("pending_payment", "buyer@example.com", None)
    assert (order.subtotal, order.shipping, order.tax, order.total) == (7850, 490, 1086 + 168 + 78, 8340)
    assert order.expires_at == now + providers.get_provider("sandbox").hold
    assert (order.shipping_address["city"], order.billing_address["city"]) == ("Berlin", "Berlin")
    first, second = order.lines.all()
    assert (first.sku, first.variant_title, first.unit, first.quantity, first.total) == (
        "MUG",
        "Celadon",
        3400,
        2,
        6800,
    )
    assert (first.source_kind, first.source_id) == ("post", "on-glazes")
    assert (second.sku, second.total) == ("BOWL", 1050)
    assert sorted(Reservation.objects.values_list("line__sku", "outstanding", "state")) == [
        ("BOWL", 1, "held"),
        ("MUG", 2, "held"),
    ]
    (payment,) = order.payments.all()
    assert (payment.status, payment.amount, payment.provider) == ("created", 8340, "sandbox")
    opened.refresh_from_db()
    assert opened.status == Cart.Status.ORDERED
    (event,) = events_named("order.placed")
    assert event.subject_id == order.number
    assert event.data == {"currency": "EUR", "amount": 8340, "provider": "sandbox"}


def test_a_second_click_gives_the_same_order() -> None:
    opened = cart_with({VariantFactory(): 1})
    quote = get_quote_hash(opened)

    first = order_of(opened, quote_hash=quote)
    before = snapshot(*WRITTEN)
    second = order_of(opened, quote_hash=quote)

    assert second == first
    assert snapshot(*WRITTEN) == before


def test_a_changed_price_is_refused_with_the_new_total() -> None:
    variant = VariantFactory()
    opened = cart_with({variant: 1})
    seen = get_quote_hash(opened)
    variant.prices.update(amount=3500)
    before = snapshot(*WRITTEN)

    with pytest.raises(QuoteChanged) as refused:
        order_of(opened, quote_hash=seen)

    assert str(refused.value.details["total"]) == "39.90 EUR"
    assert snapshot(*WRITTEN) == before
    order = order_of(opened, quote_hash=refused.value.details["quote_hash"])
    assert order.total == 3990


def test_stock_lost_since_is_refused_and_changes_nothing() -> None:
    variant = VariantFactory(sku="MUG", stock=3)
    opened = cart_with({variant: 2})
    place({variant: 2})
    before = snapshot(*WRITTEN)

    with pytest.raises(NotEnoughStock) as refused:
        order_of(opened)

    assert refused.value.details["lines"] == [{"sku": "MUG", "wanted": 2, "available": 1}]
    assert snapshot(*WRITTEN) == before


def test_an_incomplete_cart_is_refused() -> None:
    variant = VariantFactory()
    shop_ready()
    empty = cart_with({})
    no_email = cart_with({variant: 1})
    Cart.objects.filter(pk=no_email.pk).update(email="")
    no_address = cart_with({variant: 1})
    Cart.objects.filter(pk=no_address.pk).update(shipping_address={})
    no_method = cart_with({variant: 1})
    Cart.objects.filter(pk=no_method.pk).update(shipping_method=None)
    withdrawn = cart_with({VariantFactory(sku="GONE"): 1})
    withdrawn.lines.get().variant.product.__class__.objects.filter(variants__sku="GONE").update(status="archived")
    before = snapshot(*WRITTEN)

    for opened, refusal in (
        (empty, CartEmpty),
        (no_email, InvalidEmail),
        (no_address, InvalidAddress),
        (no_method, UnknownShipping),
        (withdrawn, NotForSale),
    ):
        with pytest.raises(refusal):
            order_of(opened)

    assert snapshot(*WRITTEN) == before


def test_a_delivery_that_is_no_longer_offered_is_refused() -> None:
    opened = cart_with({VariantFactory(): 1})
    seen = get_quote_hash(opened)
    opened.market.shipping_methods.update(is_active=False)

    with pytest.raises(UnknownShipping):
        order_of(opened, quote_hash=seen)

    assert no_event("order.placed")


def test_a_way_to_pay_that_is_not_offered_is_refused(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["bank_transfer"]
    opened = cart_with({VariantFactory(): 1})

    for code in ("sandbox", "nonsense"):
        with pytest.raises(providers.UnknownProvider):
            order_of(opened, provider=code)

    assert not Order.objects.exists()


def test_a_merged_cart_cannot_be_ordered() -> None:
    opened = cart_with({VariantFactory(): 1})
    Cart.objects.filter(pk=opened.pk).update(status=Cart.Status.MERGED)

    with pytest.raises(CartClosed):
        order_of(opened)


def test_digital_things_need_no_delivery_and_hold_no_stock() -> None:
    opened, _token = cart.open_cart(by=GUEST, market=shop_ready())
    cart.add_line(cart_id=opened.pk, sku=VariantFactory(is_digital=True, stock=0).sku, quantity=3, by=GUEST)
    cart.set_details(cart_id=opened.pk, email="buyer@example.com", by=GUEST)

    order = order_of(Cart.objects.select_related("market").get(pk=opened.pk))

    assert (order.total, order.shipping) == (10_200, 0)
    assert not Reservation.objects.exists()


def test_an_order_that_costs_nothing_is_paid_at_once() -> None:
    ShippingMethodFactory(code="pick-up", countries=[], is_pick_up=True, amount=0)
    opened = cart_with({VariantFactory(price=0): 1}, shipping_method="pick-up")

    order = order_of(opened)

    assert order.status == "paid"
    assert not Payment.objects.exists()
    assert events_named("order.paid")[0].data == {"currency": "EUR", "amount": 0, "sources": [], "payment": ""}


def test_a_person_owns_what_they_order(customer: Any) -> None:
    order = place(user=customer)

    assert order.user == customer
    assert events_named("order.placed")[0].actor_id == str(customer.uid)


def test_tax_is_added_where_prices_do_not_include_it() -> None:
    market = shop_ready()
    market.prices_include_tax = False
    market.save()

    order = place({VariantFactory(price=1000): 1})

    assert (order.subtotal, order.shipping, order.tax, order.total) == (1000, 490, 190 + 93, 1773)


def test_a_signed_link_opens_only_its_own_order() -> None:
    order = place()

    assert Order.is_valid_signature(order.number, order.signature)
    assert not Order.is_valid_signature(order.number, order.signature[:-1])
    assert not Order.is_valid_signature("OTHER", order.signature)
    assert not Order.is_valid_signature(order.number, "")


@pytest.mark.parametrize("rows", [1, 24])
def test_placing_takes_at_most_25_statements_whatever_the_cart(rows: int) -> None:
    opened = cart_with({VariantFactory(): 1 for _ in range(rows)})
    seen = get_quote_hash(opened)

    with CaptureQueriesContext(connection) as statements:
        order_of(opened, quote_hash=seen)

    asked = [each["sql"] for each in statements if "SAVEPOINT" not in each["sql"]]
    assert len(asked) <= 25
    # Stock is the most wanted lock, so nothing comes after it but the commit.
    assert "shop_stocklevel" in asked[-1]


def test_a_cart_cannot_be_two_live_orders_even_past_the_services() -> None:
    order = place()
    twin = Order.objects.get(pk=order.pk)
    twin.pk, twin.number, twin.uid = None, "TWIN", None
    twin.uid = Order._meta.get_field("uid").get_default()

    with pytest.raises(IntegrityError, match="order_one_live_a_cart"), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_the_same_moment_make_one_order(db: None) -> None:
    opened = cart_with({VariantFactory(stock=10): 1})
    seen = get_quote_hash(opened)

    results = race(*[lambda: order_of(opened, quote_hash=seen)] * 10)

    assert len({order.pk for order in results}) == 1
    assert Order.objects.count() == Payment.objects.count() == 1
    assert StockLevel.objects.get().reserved == 1
    assert len(events_named("order.placed")) == 1


def test_a_page_may_show_the_total_it_will_ask_for() -> None:
    opened = cart_with({VariantFactory(): 3}, address=BERLIN)

    view = carts.price_cart(opened, country="DE", method=opened.shipping_method)

    assert view.quote.total.minor == order_of(opened, quote_hash=view.quote.hash).total
