"""What buyers hold without paying: limits that stop an attacker and that no real buyer meets."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from core import context
from core.context import Actor
from core.errors import Denied
from core.testing import events_named, failures, race, snapshot
from shop.catalogue.models import Variant
from shop.checkout import services as checkout
from shop.order_management.services import orders
from shop.orders.models import Order
from shop.payments.services import holds, payments
from shop.payments.services.holds import TooMuchOnHold, TransferNotOffered
from shop.stock.models import StockLevel
from shop.tests.factories import (
    SYSTEM,
    VariantFactory,
    cart_with,
    get_quote_hash,
    paid,
    place,
    settle,
    shop_ready,
    start,
)
from shop.tests.pages import add_to_cart, check_out, decide, product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]
GUEST = Actor.guest()


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    """The limits as they are by default; the other tests of the shop switch them off."""
    settings.GUEST_HOLD_ORDERS, settings.GUEST_HOLD_PIECES, settings.GUEST_HOLD_VALUE = 20, 60, {"EUR": "5000"}
    settings.GUEST_TRANSFER_PIECES, settings.GUEST_TRANSFER_VALUE = 20, {"EUR": "1000"}
    settings.NETWORK_HOLD_ORDERS, settings.NETWORK_HOLD_PIECES = 40, 150


def held() -> int:
    return sum(StockLevel.objects.values_list("reserved", flat=True))


def from_network(address: str, act: Any) -> Any:
    with context.bind(address=address):
        return act()


class TestAttack:
    """A guest who wants the whole stock, with all the addresses they like."""

    def test_one_cart_of_everything_by_transfer_holds_nothing(self, client: Client) -> None:
        shop_ready()
        products = [product_with(f"piece-{n}", celadon=10) for n in range(17)]
        for product in products:
            add_to_cart(client, f"{product.slug}-celadon".upper(), 10)

        answer = check_out(client, provider="bank_transfer")

        assert answer.status_code == 409
        assert "at most 20 items" in answer.content.decode()
        assert (held(), Order.objects.count()) == (0, 0)

    def test_ninety_nine_orders_hold_no_more_than_the_limits(self) -> None:
        variants = [VariantFactory(stock=20) for _ in range(60)]
        refused = 0
        for turn in range(99):
            provider = "bank_transfer" if turn % 2 else "sandbox"
            about = {"email": f"attacker-{turn % 7}@example.com", "provider": provider}
            pieces = dict.fromkeys(variants[turn % 60 : turn % 60 + 5], 2)
            try:
                from_network("198.51.100.7", partial(place, pieces, **about))
            except (TooMuchOnHold, TransferNotOffered):
                refused += 1

        assert refused > 70
        assert held() <= 150
        assert Order.objects.count() <= 40

    def test_the_address_alone_is_limited_from_any_network(self) -> None:
        variants = [VariantFactory(stock=10) for _ in range(30)]
        for turn, variant in enumerate(variants):
            try:
                from_network(f"203.0.113.{turn}", partial(place, {variant: 10}, email="one@example.com"))
            except TooMuchOnHold:
                continue

        assert held() == 60

    def test_value_is_limited_too(self) -> None:
        place({VariantFactory(price=249_000, stock=9): 2}, email="one@example.com")

        with pytest.raises(TooMuchOnHold):
            place({VariantFactory(price=249_000, stock=9): 1}, email="one@example.com")

        assert held() == 2

    def test_changing_to_transfer_later_is_limited_and_keeps_the_first_attempt(self) -> None:
        order = place({VariantFactory(stock=50): 30})
        attempt = start(order)
        before = snapshot("shop.Order", "shop.Payment", "core.Event")

        with pytest.raises(TransferNotOffered):
            payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=GUEST)

        assert snapshot("shop.Order", "shop.Payment", "core.Event") == before
        assert order.payments.get().pk == attempt.pk


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def twelve(self) -> list[Any]:
        carts = [cart_with({VariantFactory(stock=10): 10}) for _ in range(12)]
        return [
            partial(
                checkout.place_order, cart_id=opened.pk, quote_hash=get_quote_hash(opened), provider="sandbox", by=GUEST
            )
            for opened in carts
        ]

    def test_twelve_orders_at_once_hold_no_more_than_one_buyer_may(self) -> None:
        results = race(*self.twelve())

        assert {type(failure) for failure in failures(results)} == {TooMuchOnHold}
        assert held() == 60

    def test_without_the_lock_they_hold_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The control: counted first and written later, orders at once go beyond the limit."""
        monkeypatch.setattr(holds, "_lock", lambda name: None)

        race(*self.twelve())

        assert held() > 60


class TestRealBuyers:
    def test_a_normal_evening_meets_no_limit(self, client: Client) -> None:
        """Forty guests of one network buy and pay; some come back, some pay by transfer, one buys for a wedding."""
        mug = VariantFactory(stock=400)
        for turn in range(40):
            email = f"guest-{turn}@example.com"
            order = from_network("198.51.100.7", partial(place, {mug: 1 + turn % 3}, email=email))
            settle(start(order))
        for turn in range(6):
            email = f"later-{turn}@example.com"
            from_network("198.51.100.7", partial(place, {mug: 6}, email=email, provider="bank_transfer"))
        wedding = from_network("198.51.100.7", partial(place, {mug: 60}, email="bride@example.com"))

        assert wedding.status == "pending_payment"
        assert Order.objects.filter(status="paid").count() == 40

    def test_what_is_paid_or_over_counts_no_more(self) -> None:
        about = {"email": "one@example.com"}
        paid({VariantFactory(stock=60): 60}, **about)
        second = place({VariantFactory(stock=60): 60}, **about)
        orders.cancel_order(order_id=second.pk, by=SYSTEM)

        assert place({VariantFactory(stock=60): 60}, **about).status == "pending_payment"

    def test_a_buyer_who_is_signed_in_is_not_counted_and_held_longer(self, customer: Any) -> None:
        now = timezone.now()
        known = place({VariantFactory(stock=90): 90}, user=customer, provider="bank_transfer", now=now)
        guest = place({VariantFactory(): 1}, provider="bank_transfer", now=now)

        assert known.expires_at == now + timedelta(days=7)
        assert guest.expires_at == now + timedelta(days=3)

    def test_a_limit_of_zero_is_none(self, settings: Any) -> None:
        settings.GUEST_HOLD_PIECES = 0

        assert place({VariantFactory(stock=90): 90}).lines.get().quantity == 90

    def test_a_network_is_forgotten_with_the_hold(self) -> None:
        order = from_network("2001:db8::1", place)
        same = from_network("2001:db8::2", place)
        assert order.network == same.network != ""
        assert "2001" not in order.network

        settle(start(order))
        order.refresh_from_db()
        assert order.network == ""


class TestStaff:
    def test_they_see_who_holds_what_and_release_it(self, desk: Client) -> None:
        waiting = place({VariantFactory(sku="MUG", stock=5): 2}, email="one@example.com")
        kept = paid({Variant.objects.get(): 1})
        page = desk.get("/admin/shop/reservation/?state__exact=held").content.decode()
        for told in (waiting.number, "one@example.com", "MUG"):
            assert told in page
        ids = [line.reservations.get().pk for line in (waiting.lines.get(), kept.lines.get())]

        answer = desk.post(
            "/admin/shop/reservation/", {"action": "release", "_selected_action": ids}, follow=True
        ).content.decode()

        assert "1 unpaid order cancelled." in answer
        waiting.refresh_from_db()
        kept.refresh_from_db()
        assert (waiting.status, kept.status, held()) == ("cancelled", "paid", 1)
        assert len(events_named("order.cancelled")) == 1

    def test_others_cannot(self, customer: Any) -> None:
        order = place()

        with pytest.raises(Denied):
            orders.release_holds(numbers=[order.number], by=Actor.person(customer))

        order.refresh_from_db()
        assert order.status == "pending_payment"


class TestMails:
    def test_seven_orders_in_a_row_send_three_mails_and_one_about_all(
        self, deliver_events: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later: list[tuple[Any, ...]] = []
        monkeypatch.setattr(
            "shop.order_management.emails.enqueue_best_effort", lambda *task, delay: later.append((*task, delay))
        )
        placed = [place(provider="bank_transfer", email="stranger@example.com") for _ in range(7)]

        deliver_events()

        assert [message.to for message in mail.outbox] == [["stranger@example.com"]] * 3
        ((task, number, delay),) = later
        assert task == "shop.send_waiting_orders"
        assert 3500 < delay <= 3600
        from shop.order_management.tasks import send_waiting_orders

        send_waiting_orders(number)
        (joined,) = mail.outbox[3:]
        assert joined.subject == "Your unpaid orders"
        assert all(order.number in joined.body for order in placed)

    def test_cancelling_again_and_again_sends_no_more(self, deliver_events: Any) -> None:
        for _ in range(6):
            order = place(provider="bank_transfer", email="stranger@example.com")
            orders.cancel_order(order_id=order.pk, by=GUEST)

        deliver_events()

        assert len(mail.outbox) <= 3

    def test_paid_orders_and_buyers_who_are_signed_in_get_each_of_theirs(
        self, deliver_events: Any, customer: Any
    ) -> None:
        for _ in range(5):
            paid(email="stranger@example.com")
            place(provider="bank_transfer", user=customer, email=customer.email)

        deliver_events()

        assert len(mail.outbox) == 10


def test_a_refusal_at_the_last_step_is_said_there(client: Client) -> None:
    shop_ready()
    product_with("straight-mug", celadon=90)
    add_to_cart(client, "STRAIGHT-MUG-CELADON", 61)

    answer = check_out(client)

    assert answer.status_code == 409
    assert "Too many items are on hold" in answer.content.decode()
    client.post("/shop/cart/lines/STRAIGHT-MUG-CELADON/", {"quantity": 60}, headers={"sec-fetch-site": "same-origin"})
    assert decide(client, check_out(client), "pay").status_code == 200
    assert Order.objects.get().status == "paid"
