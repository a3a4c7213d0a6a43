"""Carts: filled, changed, merged after sign-in, forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.context import Actor
from core.money import Money
from shop.cart import queries as carts
from shop.cart import services as cart
from shop.cart.models import Cart, CartLine, digest_token
from shop.cart.services import CartClosed, InvalidEmail, InvalidQuantity, NotForSale, UnknownShipping
from shop.catalogue.queries import UnknownVariant
from shop.orders.services import retention
from shop.stock.services import NotEnoughStock
from shop.tests.factories import (
    BERLIN,
    NEW_YORK,
    MarketFactory,
    PriceFactory,
    ProductFactory,
    ShippingMethodFactory,
    VariantFactory,
    cart_with,
    paid,
    place,
    set_stock,
    shop_ready,
)

pytestmark = pytest.mark.usefixtures("sums_hold")
GUEST = Actor.guest()


@pytest.fixture
def opened() -> Cart:
    shop_ready()
    return cart.open_cart(by=GUEST)[0]


def quantities(opened: Cart) -> dict[str, int]:
    return dict(opened.lines.values_list("variant__sku", "quantity"))


def test_only_the_digest_of_a_token_is_kept(opened: Cart) -> None:
    opened, token = cart.open_cart(by=GUEST)

    assert opened.token_digest == digest_token(token)
    assert token not in str(Cart.objects.values())
    assert carts.get_cart_by_token(token) == opened
    assert carts.get_cart_by_token(token + "x") is None


def test_a_stranger_without_a_token_costs_no_query(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert cart.get_current_cart(token="", user=None) is None


def test_pieces_added_twice_add_up_and_keep_where_they_were_seen(opened: Cart) -> None:
    variant = VariantFactory(sku="MUG", stock=10)

    cart.add_line(cart_id=opened.pk, sku="MUG", quantity=2, source=("post", "on-glazes"), by=GUEST)
    cart.add_line(cart_id=opened.pk, sku="MUG", by=GUEST)

    line = opened.lines.get()
    assert (line.variant, line.quantity, line.seen) == (variant, 3, 3400)
    assert (line.source_kind, line.source_id) == ("post", "on-glazes")
    opened.refresh_from_db()
    assert opened.version == 3


@pytest.mark.parametrize("quantity", [0, -1, 10_000])
def test_a_quantity_out_of_bounds_is_refused(opened: Cart, quantity: int) -> None:
    VariantFactory(sku="MUG")

    with pytest.raises(InvalidQuantity) as refused:
        cart.add_line(cart_id=opened.pk, sku="MUG", quantity=quantity, by=GUEST)

    assert refused.value.field == "quantity"
    assert quantities(opened) == {}


def test_more_than_there_is_cannot_be_added(opened: Cart) -> None:
    VariantFactory(sku="MUG", stock=3)
    cart.add_line(cart_id=opened.pk, sku="MUG", quantity=2, by=GUEST)

    with pytest.raises(NotEnoughStock) as refused:
        cart.add_line(cart_id=opened.pk, sku="MUG", quantity=2, by=GUEST)

    assert refused.value.details["lines"] == [{"sku": "MUG", "wanted": 4, "available": 3}]
    assert quantities(opened) == {"MUG": 2}


def test_backorders_and_digital_things_can_be_added(opened: Cart) -> None:
    set_stock(VariantFactory(sku="MUG", stock=0), 0, backorders=5)
    VariantFactory(sku="GUIDE", stock=0, is_digital=True)

    cart.add_line(cart_id=opened.pk, sku="MUG", quantity=5, by=GUEST)
    cart.add_line(cart_id=opened.pk, sku="GUIDE", quantity=50, by=GUEST)

    assert quantities(opened) == {"MUG": 5, "GUIDE": 50}


@pytest.mark.parametrize(
    "unsold",
    [{"is_active": False}, {"product__status": "archived"}, {"product__status": "draft"}],
    ids=["variant withdrawn", "product archived", "product a draft"],
)
def test_what_is_not_sold_cannot_be_added(opened: Cart, unsold: dict[str, Any]) -> None:
    VariantFactory(sku="MUG", **unsold)

    with pytest.raises(NotForSale):
        cart.add_line(cart_id=opened.pk, sku="MUG", by=GUEST)

    assert quantities(opened) == {}


def test_what_has_no_price_in_the_market_cannot_be_added(opened: Cart) -> None:
    variant = VariantFactory(sku="MUG")
    variant.prices.all().delete()
    PriceFactory(variant=variant, market=MarketFactory(code="us", currency="USD", is_default=False))

    with pytest.raises(NotForSale):
        cart.add_line(cart_id=opened.pk, sku="MUG", by=GUEST)


def test_an_unknown_sku_is_refused(opened: Cart) -> None:
    with pytest.raises(UnknownVariant):
        cart.add_line(cart_id=opened.pk, sku="NOTHING", by=GUEST)
    with pytest.raises(UnknownVariant):
        cart.set_quantity(cart_id=opened.pk, sku="NOTHING", quantity=1, by=GUEST)


def test_a_quantity_is_set_and_zero_removes(opened: Cart) -> None:
    VariantFactory(sku="MUG", stock=9)
    cart.add_line(cart_id=opened.pk, sku="MUG", by=GUEST)

    cart.set_quantity(cart_id=opened.pk, sku="MUG", quantity=9, by=GUEST)
    assert quantities(opened) == {"MUG": 9}

    assert cart.set_quantity(cart_id=opened.pk, sku="MUG", quantity=0, by=GUEST) is None
    assert quantities(opened) == {}


def test_fewer_can_always_be_set_even_when_there_are_fewer_still(opened: Cart) -> None:
    variant = VariantFactory(sku="MUG", stock=5)
    cart.add_line(cart_id=opened.pk, sku="MUG", quantity=5, by=GUEST)
    place({variant: 4})

    cart.set_quantity(cart_id=opened.pk, sku="MUG", quantity=2, by=GUEST)

    (line,) = carts.price_cart(opened).lines
    assert (line.line.quantity, line.available, line.is_short) == (2, 1, True)


def test_removing_what_is_not_there_is_no_error(opened: Cart) -> None:
    cart.remove_line(cart_id=opened.pk, sku="NOTHING", by=GUEST)

    assert quantities(opened) == {}


def test_a_cart_that_became_an_order_does_not_change() -> None:
    order = place()
    before = list(CartLine.objects.values())

    for change in (
        lambda: cart.add_line(cart_id=order.cart_id, sku="MUG", by=GUEST),
        lambda: cart.remove_line(cart_id=order.cart_id, sku="MUG", by=GUEST),
        lambda: cart.set_details(cart_id=order.cart_id, note="x", by=GUEST),
    ):
        with pytest.raises(CartClosed):
            change()

    assert list(CartLine.objects.values()) == before


def test_the_largest_tier_that_is_reached_sets_the_price(opened: Cart) -> None:
    variant = VariantFactory(sku="MUG", stock=20)
    PriceFactory(variant=variant, min_qty=6, amount=3000)
    PriceFactory(variant=variant, min_qty=12, amount=2800)

    totals = []
    for quantity in (5, 6, 12):
        cart.remove_line(cart_id=opened.pk, sku="MUG", by=GUEST)
        cart.add_line(cart_id=opened.pk, sku="MUG", quantity=quantity, by=GUEST)
        totals.append(carts.price_cart(opened).quote.subtotal)

    assert totals == [Money(17_000, "EUR"), Money(18_000, "EUR"), Money(33_600, "EUR")]


def test_a_changed_price_is_told_until_it_was_accepted(opened: Cart) -> None:
    variant = VariantFactory(sku="MUG")
    cart.add_line(cart_id=opened.pk, sku="MUG", by=GUEST)
    variant.prices.update(amount=3600)

    (line,) = carts.price_cart(opened).lines
    assert (line.unit, line.changed_from) == (Money(3600, "EUR"), Money(3400, "EUR"))

    cart.accept_prices(cart_id=opened.pk, seen={"MUG": 3600}, by=GUEST)
    (line,) = carts.price_cart(opened).lines
    assert line.changed_from is None


def test_what_is_gone_is_shown_but_not_priced(opened: Cart) -> None:
    kept, gone, sold_out = VariantFactory(), VariantFactory(), VariantFactory(stock=1)
    for variant in (kept, gone, sold_out):
        cart.add_line(cart_id=opened.pk, sku=variant.sku, by=GUEST)
    gone.product.status = "archived"
    gone.product.save()
    place({sold_out: 1})

    view = carts.price_cart(opened)

    assert [line.is_unavailable for line in view.lines] == [False, True, True]
    assert view.quote.subtotal == Money(3400, "EUR")
    assert {line.sku for line in view.problems} == {gone.sku, sold_out.sku}


@pytest.mark.parametrize("rows", [1, 24, 100])
def test_pricing_a_cart_takes_four_queries_however_full(
    opened: Cart, rows: int, django_assert_num_queries: Any
) -> None:
    product = ProductFactory()
    CartLine.objects.bulk_create(
        CartLine(cart=opened, variant=VariantFactory(product=product, stock=1)) for _ in range(rows)
    )
    opened = Cart.objects.select_related("market").get(pk=opened.pk)

    with django_assert_num_queries(4):
        view = carts.price_cart(opened)

    assert len(view.lines) == rows


def test_a_visitors_cart_becomes_that_of_the_person_who_signs_in(opened: Cart, customer: Any) -> None:
    opened, token = cart.open_cart(by=GUEST)

    found = cart.get_current_cart(token=token, user=customer)

    assert found == opened
    assert (found.user, found.email) == (customer, customer.email)


def test_two_carts_are_merged_after_sign_in(opened: Cart, customer: Any) -> None:
    both, mine, theirs = VariantFactory(), VariantFactory(), VariantFactory()
    own, _token = cart.open_cart(by=Actor.person(customer))
    visiting, token = cart.open_cart(by=GUEST)
    for cart_id, sku, quantity in ((own.pk, both.sku, 2), (own.pk, mine.sku, 1), (visiting.pk, both.sku, 3)):
        cart.add_line(cart_id=cart_id, sku=sku, quantity=quantity, by=GUEST)
    cart.add_line(cart_id=visiting.pk, sku=theirs.sku, source=("post", "on-glazes"), by=GUEST)

    found = cart.get_current_cart(token=token, user=customer)

    assert found == own
    assert quantities(own) == {both.sku: 5, mine.sku: 1, theirs.sku: 1}
    assert own.lines.get(variant=theirs).source_id == "on-glazes"
    visiting.refresh_from_db()
    assert visiting.status == Cart.Status.MERGED
    assert cart.get_current_cart(token=token, user=customer) == own


def test_a_persons_cart_is_not_opened_by_its_token_alone(opened: Cart, customer: Any, stranger: Any) -> None:
    _own, token = cart.open_cart(by=Actor.person(customer))

    assert cart.get_current_cart(token=token, user=None) is None
    assert cart.get_current_cart(token=token, user=stranger) is None


def test_a_person_has_one_open_cart(opened: Cart, customer: Any) -> None:
    first, old_token = cart.open_cart(by=Actor.person(customer))
    second, new_token = cart.open_cart(by=Actor.person(customer))

    assert first == second
    assert carts.get_cart_by_token(old_token) is None
    assert carts.get_cart_by_token(new_token) == first


def test_another_country_drops_a_delivery_that_does_not_reach_it(opened: Cart) -> None:
    ShippingMethodFactory(code="pick-up", countries=[], is_pick_up=True)
    cart.set_details(cart_id=opened.pk, shipping_address=BERLIN, shipping_method="standard", by=GUEST)

    moved = cart.set_details(cart_id=opened.pk, shipping_address=NEW_YORK, by=GUEST)

    assert moved.shipping_method is None
    with pytest.raises(UnknownShipping):
        cart.set_details(cart_id=opened.pk, shipping_method="standard", by=GUEST)
    assert cart.set_details(cart_id=opened.pk, shipping_method="pick-up", by=GUEST).shipping_method.code == "pick-up"


def test_an_e_mail_address_is_checked_and_lowered(opened: Cart) -> None:
    assert cart.set_details(cart_id=opened.pk, email=" Bea@Example.COM ", by=GUEST).email == "bea@example.com"

    with pytest.raises(InvalidEmail):
        cart.set_details(cart_id=opened.pk, email="bea", by=GUEST)


def test_ways_of_delivery_come_with_price_and_working_days(opened: Cart) -> None:
    ShippingMethodFactory(code="express", amount=1490, free_over=None, min_days=1, max_days=2, position=1)
    friday = timezone.now().replace(year=2026, month=11, day=20)

    standard, express = carts.get_shipping_options(carts.price_cart(opened), now=friday)

    assert (standard.price, express.price) == (Money(490, "EUR"), Money(1490, "EUR"))
    assert (express.earliest.isoformat(), express.latest.isoformat()) == ("2026-11-23", "2026-11-24")


def test_carts_that_nobody_touched_are_forgotten_unless_their_order_waits(opened: Cart) -> None:
    old = timezone.now() - timedelta(days=100)
    cart_with({VariantFactory(): 1}, now=old)
    waiting, done = place(), paid()
    Cart.objects.filter(orders__in=[waiting, done]).update(updated_at=old)

    assert retention.purge_carts(before=timezone.now() - timedelta(days=90)) == 2

    assert set(Cart.objects.all()) == {opened, waiting.cart}
    done.refresh_from_db()
    assert (done.status, done.cart, done.lines.count()) == ("paid", None, 1)
