"""What was sold out is back: who asked hears of it, once."""

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.subscriptions.models import Letter, Subscription
from accounts.subscriptions.services import notifications
from core.testing import deliver_events
from shop.listing.topics import get_stock_topic
from shop.order_management.services import orders
from shop.stock import services as stock
from shop.tests.factories import SYSTEM, VariantFactory, place, set_stock, shop_ready
from shop.tests.pages import product_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market():
    return shop_ready()


def waits_for(sku, email="nora@example.com"):
    return Subscription.objects.create(
        email=email, topic=get_stock_topic(sku), state="active", confirmed_at=timezone.now(), source="product"
    )


def send():
    deliver_events()
    notifications.send_due()
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_new_pieces_are_told_once_to_who_asked():
    piece, other = VariantFactory(sku="BOWL", stock=0), VariantFactory(sku="MUG", stock=0)
    waiting, _elsewhere = waits_for("BOWL"), waits_for("MUG", "mug@example.com")

    set_stock(piece, 2)
    first = send()
    set_stock(piece, 2)

    assert first == send() == [("nora@example.com", f"{piece.product.title} is back in stock")]
    assert "variant=BOWL" in mail.outbox[0].body
    waiting.refresh_from_db()
    assert (waiting.state, other.sku) == ("ended", "MUG")


def test_pieces_that_an_order_gives_back_are_told():
    piece = VariantFactory(sku="BOWL", stock=1)
    order = place({piece: 1})
    waits_for("BOWL")
    before = send()

    orders.cancel_order(order_id=order.pk, by=SYSTEM)

    assert [before, [to for to, _subject in send() if to == "nora@example.com"]] == [[], ["nora@example.com"]]


def test_pieces_that_are_all_promised_are_not():
    piece = VariantFactory(sku="BOWL", stock=0)
    set_stock(piece, 0, backorders=2)
    place({piece: 2})
    deliver_events()
    waits_for("BOWL")

    stock.set_backorder_limit(sku="BOWL", limit=2, by=SYSTEM)
    deliver_events()

    assert not Letter.objects.exists()


def test_what_is_gone_again_before_the_letter_goes_out_is_not_told():
    piece = VariantFactory(sku="BOWL", stock=0)
    waits_for("BOWL")
    set_stock(piece, 1)
    deliver_events()
    stock.adjust_stock(sku="BOWL", change=-1, key="broken", note="Broken.", by=SYSTEM)

    notifications.send_due()

    assert mail.outbox == []
    assert Subscription.objects.get().state == "active"


def test_the_page_of_what_is_sold_out_offers_it():
    product_with("mug", celadon=0, moss=2)
    client = Client()

    gone = client.get("/shop/p/mug/?variant=MUG-CELADON").content.decode()
    here = client.get("/shop/p/mug/?variant=MUG-MOSS").content.decode()
    client.post(
        "/subscriptions/",
        {"email": "nora@example.com", "topic": "stock:MUG-CELADON", "source": "product"},
        headers={"origin": "http://testserver"},
    )

    assert 'value="stock:MUG-CELADON"' in gone
    assert "Notify me when available" not in here
    assert Subscription.objects.get().topic == "stock:MUG-CELADON"
