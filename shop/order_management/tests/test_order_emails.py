"""Letters about orders: the right one, once, with a link that opens it."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from core import context
from shop.order_management.services import fulfilment, orders
from shop.payments.services import refunds
from shop.tests.factories import SYSTEM, VariantFactory, euros, paid, place

pytestmark = pytest.mark.usefixtures("sums_hold")


def letters() -> list[str]:
    return [message.subject for message in mail.outbox]


def test_a_paid_order_is_confirmed_with_its_lines_and_its_link(deliver_events: Any, client: Client) -> None:
    order = paid({VariantFactory(product__title="Straight <Mug>", title="Celadon", price=3400): 2})

    deliver_events()

    (message,) = mail.outbox
    assert message.subject == f"Order {order.number} is confirmed"
    assert message.to == ["buyer@example.com"]
    assert "2 × Straight <Mug>, Celadon: €68.00" in message.body
    assert "Total: €72.90" in message.body
    assert "Berlin" in message.body
    html = str(message.alternatives[0].content)
    assert "Straight &lt;Mug&gt;" in html
    link = re.search(r"/shop/orders/\S+/", message.body)
    assert link
    assert f"{order.number}/{order.signature}/" in link.group()


def test_a_transfer_is_asked_for_with_its_reference(deliver_events: Any, settings: Any) -> None:
    settings.BANK_ACCOUNT = "Ninth Tile\nIBAN DE02"
    order = place(provider="bank_transfer")
    place()

    deliver_events()

    assert letters() == [f"How to pay for order {order.number}"]
    assert "€38.90 with the reference " + order.number in mail.outbox[0].body
    assert "Ninth Tile\nIBAN DE02" in mail.outbox[0].body


def test_each_step_has_its_letter(deliver_events: Any) -> None:
    order = paid({VariantFactory(product__title="Mug", stock=5): 2})
    line = str(order.lines.get().uid)
    deliver_events()
    fulfilment.fulfil_order(
        order_id=order.pk,
        lines={line: 1},
        carrier="Post",
        tracking_code="RR1",
        tracking_url="https://post.example/RR1",
        by=SYSTEM,
    )
    deliver_events()
    refunds.request_refund(order_id=order.pk, amount=euros("5"), reason="Late", by=SYSTEM)
    deliver_events()

    assert letters() == [
        f"Order {order.number} is confirmed",
        f"Order {order.number} is on its way",
        f"A refund for order {order.number}",
    ]
    sent, refunded = mail.outbox[1], mail.outbox[2]
    assert "Part of your order has been shipped" in sent.body
    assert "1 × Mug" in sent.body
    assert "Post RR1" in sent.body
    assert 'href="https://post.example/RR1"' in str(sent.alternatives[0].content)
    assert "€5.00" in refunded.body


def test_an_order_that_lapsed_is_told(deliver_events: Any) -> None:
    order = place()
    orders.expire_orders(by=SYSTEM, now=order.expires_at)

    deliver_events()

    assert letters() == [f"Order {order.number} has expired"]


def test_loaded_history_sends_nothing(deliver_events: Any) -> None:
    with context.bind(quiet=True):
        order = paid()
        fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
        orders.expire_orders(by=SYSTEM, now=place().expires_at)

    deliver_events()

    assert letters() == []


def test_every_letter_has_plain_words_and_a_reason(deliver_events: Any) -> None:
    order = paid()
    deliver_events()

    (message,) = mail.outbox
    assert "{" not in message.body
    assert f"because you placed order {order.number}" in message.body
