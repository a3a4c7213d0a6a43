"""Orders in the staff area: all of one on a page of bounded cost, and verbs that are the services' own."""

from typing import Any

import pytest
from django.test import Client

from core import testing
from core.context import Actor
from core.testing import events_named
from shop.order_management.services import fulfilment
from shop.payments.providers import sandbox
from shop.payments.services import payments, refunds
from shop.tests.factories import (
    SYSTEM,
    VariantFactory,
    euros,
    paid,
    place,
    start,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]


@pytest.mark.parametrize("count", [1, 24])
def test_an_orders_page_costs_the_same_whatever_is_in_it(desk: Client, django_assert_max_num_queries: Any, count: int):
    order = paid({VariantFactory(stock=2): 1 for _ in range(count)})

    with django_assert_max_num_queries(16):
        answer = desk.get(f"/admin/shop/order/{order.pk}/change/")

    assert answer.status_code == 200
    assert order.number in answer.content.decode()


def test_an_order_is_sent_from_its_page(desk: Client):
    order = paid({VariantFactory(stock=5): 2})
    line = order.lines.get()

    desk.post(f"/admin/shop/order/{order.pk}/fulfil/", {f"line-{line.uid}": "1", "key": "k", "carrier": "Post"})

    order.refresh_from_db()
    assert order.status == "partly_fulfilled"
    assert events_named("order.fulfilled")[0].data["complete"] is False


def test_a_waiting_order_is_cancelled_from_its_page(desk: Client):
    order = place()
    start(order)

    assert "Are you sure?" in desk.get(f"/admin/shop/order/{order.pk}/cancel/").content.decode()
    desk.post(f"/admin/shop/order/{order.pk}/cancel/")

    order.refresh_from_db()
    assert order.status == "cancelled"


def test_a_transfer_and_its_refund_are_noted_from_the_statement(desk: Client, manager: Any, deliver_events: Any):
    order = place(provider="bank_transfer")
    payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

    desk.post(f"/admin/shop/order/{order.pk}/transfer/", {"amount": "38.90", "statement": "2026-11-21/1"})
    order.refresh_from_db()
    assert order.status == "paid"

    made = refunds.request_refund(order_id=order.pk, reason="broke", by=Actor.person(manager))
    deliver_events()
    assert "Mark as sent" in desk.get(f"/admin/shop/order/{order.pk}/change/").content.decode()
    desk.post(f"/admin/shop/order/{order.pk}/refunds/{made.uid}/sent/", {"statement": "2026-11-22/1"})
    made.refresh_from_db()
    assert made.state == "done"


def test_noting_a_transfer_asks_for_its_amount(desk: Client):
    order = place(provider="bank_transfer")
    payments.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)
    address = f"/admin/shop/order/{order.pk}/transfer/"

    assert 'value="38.90"' in desk.get(address).content.decode()
    without = desk.post(address, {"statement": "1"})
    assert (without.status_code, list(without.context["form"].errors)) == (422, ["amount"])
    part = desk.post(address, {"amount": "20", "statement": "1"}, follow=True).content.decode()
    assert "€20.00 recorded. €18.90 is still due" in part
    assert 'value="18.90"' in desk.get(address).content.decode()
    rest = desk.post(address, {"amount": "28.00", "statement": "2"}, follow=True).content.decode()
    assert "€28.00 recorded. The customer paid €9.10 too much" in rest
    assert "Mark as sent" in rest

    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("paid", "paid")


def test_a_transfer_noted_twice_is_refused_in_words(desk: Client):
    order = paid()

    answer = desk.post(f"/admin/shop/order/{order.pk}/transfer/", {"amount": "38.90", "statement": "1"})

    assert answer.status_code == 422
    assert "No payment has this reference." in answer.content.decode()


@pytest.mark.parametrize("verb", ["refund", "fulfil", "cancel", "transfer"])
@pytest.mark.parametrize(("who", "status"), [("author", 403), ("customer", 302), ("", 302)])
def test_the_verbs_of_an_order_are_closed_to_others(client: Client, request: Any, verb: str, who: str, status: int):
    order = paid()
    if who:
        client.force_login(request.getfixturevalue(who))
    before = testing.snapshot("shop.Order", "shop.Refund", "shop.Fulfilment", "core.Event")

    answer = client.post(f"/admin/shop/order/{order.pk}/{verb}/", {"what": "all", "reason": "x", "key": "k"})

    assert answer.status_code == status
    assert testing.snapshot("shop.Order", "shop.Refund", "shop.Fulfilment", "core.Event") == before


def test_an_agent_refunds_but_does_not_send(client: Client, agent: Any):
    order = paid()
    client.force_login(agent)
    line = order.lines.get()

    sent = client.post(f"/admin/shop/order/{order.pk}/fulfil/", {f"line-{line.uid}": "1", "key": "k"})
    refunded = client.post(f"/admin/shop/order/{order.pk}/refund/", {"what": "all", "reason": "x", "key": "k"})

    assert (sent.status_code, refunded.status_code) == (403, 302)
    assert order.fulfilments.count() == 0


def test_a_payment_is_looked_up_at_its_provider(desk: Client):
    order = place()
    attempt = start(order)
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=sandbox.Outcome.PAY, webhook_delays=())

    desk.post("/admin/shop/payment/", {"action": "sync_payments", "_selected_action": [attempt.pk]})

    order.refresh_from_db()
    assert order.status == "paid"


def test_the_whole_order_is_on_one_page(desk: Client, manager: Any):
    order = paid({VariantFactory(sku="MUG", stock=9): 2})
    order.billing_address = {**order.shipping_address, "name": "Clara Payer", "phone": "+49 30 1"}
    order.save(update_fields=["billing_address"])
    fulfilment.fulfil_order(
        order_id=order.pk,
        carrier="DHL",
        tracking_code="JD0001",
        tracking_url="https://track.example/JD0001",
        lines={str(order.lines.get().uid): 1},
        by=Actor.person(manager),
    )

    page = desk.get(f"/admin/shop/order/{order.pk}/change/").content.decode()

    for shown in ("Torstraße 1", "10119", "Clara Payer", "+49 30 1", "DHL", "JD0001", "Standard delivery", "1 × MUG"):
        assert shown in page
    assert 'href="https://track.example/JD0001"' in page
    for label, amount in [("Subtotal", 6800), ("Total", order.total), ("Includes VAT", order.tax)]:
        assert f'<th scope="row" colspan="7">{label}</th><td>{order.money(amount).format()}</td>' in page
    assert f">Delivery: Standard delivery</th><td>{order.money(490).format()}</td>" in page
    assert "Order: fulfilled" in page
    assert "order.fulfilled" not in page


def test_parcels_and_refunds_are_in_the_history_of_an_order(desk: Client, manager: Any):
    order = paid({VariantFactory(stock=9): 2})
    refunds.request_refund(order_id=order.pk, amount=euros("5.00"), reason="late", by=Actor.person(manager))
    fulfilment.fulfil_order(order_id=order.pk, by=Actor.person(manager))

    page = desk.get(f"/admin/shop/order/{order.pk}/history/").content.decode()

    for title in ("Order: placed", "Order: paid", "Order: refund requested", "Order: fulfilled"):
        assert title in page


@pytest.mark.parametrize("verb", ["fulfil", "refund"])
def test_neither_sending_nor_refunding_is_offered_before_payment(desk: Client, verb: str):
    order = place({VariantFactory(stock=9): 2})

    page = desk.get(f"/admin/shop/order/{order.pk}/change/").content.decode()
    direct = desk.get(f"/admin/shop/order/{order.pk}/{verb}/")

    assert f"/admin/shop/order/{order.pk}/{verb}/" not in page
    assert (direct.status_code, direct["Location"]) == (302, f"/admin/shop/order/{order.pk}/change/")


def test_nothing_is_offered_on_a_fully_refunded_order(desk: Client, manager: Any, deliver_events: Any):
    order = paid({VariantFactory(stock=9): 2})
    refunds.request_refund(order_id=order.pk, reason="broke", by=Actor.person(manager))
    deliver_events()

    page = desk.get(f"/admin/shop/order/{order.pk}/change/").content.decode()
    public = desk.get(f"/shop/orders/{order.number}/")

    for verb in ("fulfil", "refund", "cancel"):
        assert f"/admin/shop/order/{order.pk}/{verb}/" not in page
    assert (public.context["may_refund"], public.context["may_fulfil"]) == (False, False)
