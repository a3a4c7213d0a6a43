"""Orders and stock for programs."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from core import testing
from core.testing import events_named
from shop.order_management.services import fulfilment
from shop.orders.models import Fulfilment, Order
from shop.payments.models import Refund
from shop.payments.services import refunds
from shop.stock.models import StockLevel, StockMovement
from shop.tests.factories import SYSTEM, VariantFactory, paid, place, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]


def numbers(answer: Any) -> list[str]:
    return [order["number"] for order in answer.json()["results"]]


def test_a_person_sees_their_orders_and_staff_all(api: APIClient, customer: Any, manager: Any):
    mine, other = paid(user=customer), paid()

    api.force_login(customer)
    assert numbers(api.get("/api/v1/orders/")) == [mine.number]
    assert api.get(f"/api/v1/orders/{other.number}/").status_code == 404
    api.force_login(manager)
    assert numbers(api.get("/api/v1/orders/")) == [other.number, mine.number]


def test_a_stranger_sees_none(api: APIClient):
    order = paid()

    assert api.get("/api/v1/orders/").status_code == 401
    assert api.get(f"/api/v1/orders/{order.number}/").status_code == 401


def test_an_order_comes_with_all_that_belongs_to_it(api: APIClient, customer: Any, deliver_events: Any):
    order = paid({VariantFactory(stock=5, sku="MUG"): 2}, user=customer)
    uid = str(order.lines.get().uid)
    fulfilment.fulfil_order(order_id=order.pk, lines={uid: 1}, tracking_code="RX-1", by=SYSTEM)
    refunds.request_refund(order_id=order.pk, lines={uid: 1}, reason="secret", by=SYSTEM)
    deliver_events()
    api.force_login(customer)

    answer = api.get(f"/api/v1/orders/{order.number}/").json()

    assert (answer["status"], answer["total"]["amount"], answer["shipping"]["amount"]) == ("fulfilled", "72.90", "4.90")
    (line,) = answer["lines"]
    assert (line["uid"], line["quantity_fulfilled"], line["quantity_refunded"]) == (uid, 1, 1)
    assert [(made["state"], made["amount"]["amount"]) for made in answer["refunds"]] == [("done", "34.00")]
    assert [(sent["tracking_code"], sent["lines"]) for sent in answer["fulfilments"]] == [
        ("RX-1", [{"line": uid, "quantity": 1}])
    ]
    assert "secret" not in str(answer)


def test_orders_are_found_by_state_and_day(api: APIClient, manager: Any):
    waiting, done = place(), paid()
    api.force_login(manager)

    assert numbers(api.get("/api/v1/orders/", {"status": "paid"})) == [done.number]
    assert numbers(api.get("/api/v1/orders/", {"status": "pending_payment"})) == [waiting.number]
    assert numbers(api.get("/api/v1/orders/", {"placed_before": "2020-01-01T00:00:00Z"})) == []
    assert api.get("/api/v1/orders/", {"status": "nonsense"}).status_code == 400


def test_a_refund_asked_for_twice_with_one_key_is_made_once(api: APIClient, manager: Any):
    order = paid()
    api.force_login(manager)
    url = f"/api/v1/orders/{order.number}/refunds/"
    wish = {"amount": {"amount": "5.00", "currency": "EUR"}, "reason": "broke"}

    first = api.post(url, wish, headers={"idempotency-key": "k"})
    again = api.post(url, wish, headers={"idempotency-key": "k"})
    other = api.post(url, {**wish, "reason": "other"}, headers={"idempotency-key": "k"})

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert other.json()["code"] == "idempotency_key_reused"
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"amount": {"amount": "5.00", "currency": "USD"}, "reason": "x"}, 422),
        ({"amount": {"amount": "-5.00", "currency": "EUR"}, "reason": "x"}, 400),
        ({"amount": {"amount": "0", "currency": "EUR"}, "reason": "x"}, 400),
        ({"amount": {"amount": "9" * 25, "currency": "EUR"}, "reason": "x"}, 400),
        ({"amount": "5.00", "reason": "x"}, 400),
        ({"amount": {"amount": "5.00", "currency": "EUR"}}, 400),
        ({"amount": {"amount": "5.00", "currency": "EUR"}, "reason": " "}, 400),
        ({"lines": {"00000000-0000-0000-0000-000000000000": 1}, "reason": "x"}, 422),
        ({"lines": {"not a line": 1}, "reason": "x"}, 422),
        ({"lines": {}, "reason": "x"}, 422),
        ({"lines": [1], "reason": "x"}, 400),
    ],
)
def test_a_wrong_refund_is_refused_and_changes_nothing(api: APIClient, manager: Any, wish: Any, status: int):
    order = paid()
    api.force_login(manager)
    before = testing.snapshot("shop.Refund", "shop.Payment", "shop.OrderLine", "core.Event")

    answer = api.post(f"/api/v1/orders/{order.number}/refunds/", wish)

    assert answer.status_code == status
    assert testing.snapshot("shop.Refund", "shop.Payment", "shop.OrderLine", "core.Event") == before


def test_a_parcel_is_recorded_once_by_staff_and_not_by_customers(api: APIClient, manager: Any, customer: Any):
    order = paid({VariantFactory(stock=5): 2}, user=customer)
    url = f"/api/v1/orders/{order.number}/fulfilments/"
    api.force_login(customer)
    assert api.post(url, {}).status_code == 403
    assert not Fulfilment.objects.exists()

    api.force_login(manager)
    first = api.post(url, {"tracking_code": "RX-1"}, headers={"idempotency-key": "k"})
    again = api.post(url, {"tracking_code": "RX-1"}, headers={"idempotency-key": "k"})

    assert first.status_code == 201
    assert first.json() == again.json()
    assert len(events_named("order.fulfilled")) == 1


def test_an_order_is_paid_and_cancelled_by_its_owner(api: APIClient, customer: Any):
    order = place(user=customer)
    api.force_login(customer)

    begun = api.post(f"/api/v1/orders/{order.number}/payments/", {"provider": "sandbox"})
    again = api.post(f"/api/v1/orders/{order.number}/payments/", {"provider": "sandbox"})
    cancelled = api.post(f"/api/v1/orders/{order.number}/cancellation/")

    assert begun.json()["action_url"] == again.json()["action_url"]
    assert cancelled.json()["status"] == "cancelled"
    assert api.post(f"/api/v1/orders/{order.number}/payments/", {"provider": "sandbox"}).status_code == 409
    assert api.post(f"/api/v1/orders/{order.number}/payments/", {"provider": "gold"}).status_code == 422


def test_nobody_elses_order_is_cancelled(api: APIClient, customer: Any, stranger: Any, agent: Any):
    order = place(user=customer)
    start(order)

    for user, status in ((stranger, 404), (agent, 403)):
        api.force_login(user)
        assert api.post(f"/api/v1/orders/{order.number}/cancellation/").status_code == status
    assert Order.objects.get().status == "pending_payment"


def test_stock_is_seen_and_moved_by_those_who_may(api: APIClient, manager: Any):
    VariantFactory(sku="MUG", stock=5)
    api.force_login(manager)
    (level,) = api.get("/api/v1/stock_levels/", {"sku": "MUG"}).json()["results"]
    url = f"/api/v1/stock_levels/{level['uid']}/movements/"

    received = api.post(url, {"reason": "received", "quantity": 3}, headers={"idempotency-key": "k"})
    api.post(url, {"reason": "received", "quantity": 3}, headers={"idempotency-key": "k"})
    adjusted = api.post(url, {"reason": "adjusted", "quantity": -2, "note": "broke"})

    assert (level["on_hand"], received.json()["on_hand"], adjusted.json()["on_hand"]) == (5, 8, 6)
    assert len(events_named("stock.adjusted")) == 1


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"reason": "received", "quantity": 0}, 422),
        ({"reason": "received", "quantity": -1}, 422),
        ({"reason": "adjusted", "quantity": -6, "note": "broke"}, 409),
        ({"reason": "adjusted", "quantity": -1}, 422),
        ({"reason": "stolen", "quantity": -1}, 400),
        ({"reason": "received", "quantity": 10**30}, 400),
    ],
)
def test_stock_is_not_moved_wrongly(api: APIClient, manager: Any, wish: Any, status: int):
    VariantFactory(stock=5)
    api.force_login(manager)

    answer = api.post(f"/api/v1/stock_levels/{StockLevel.objects.get().uid}/movements/", wish)

    assert answer.status_code == status
    assert StockLevel.objects.get().on_hand == 5
    assert StockMovement.objects.count() == 1


@pytest.mark.parametrize("who", ["customer", "author"])
def test_stock_is_not_for_everyones_eyes(api: APIClient, request: Any, who: str):
    VariantFactory(stock=5)
    api.force_login(request.getfixturevalue(who))
    url = f"/api/v1/stock_levels/{StockLevel.objects.get().uid}/"

    assert api.get("/api/v1/stock_levels/").status_code == 403
    assert api.post(f"{url}movements/", {"reason": "received", "quantity": 3}).status_code == 403
    assert StockLevel.objects.get().on_hand == 5


def test_an_agent_sees_stock_and_moves_none(api: APIClient, agent: Any):
    VariantFactory(stock=5)
    api.force_login(agent)
    url = f"/api/v1/stock_levels/{StockLevel.objects.get().uid}/"

    assert api.get(url).json()["on_hand"] == 5
    assert api.post(f"{url}movements/", {"reason": "received", "quantity": 3}).status_code == 403
    assert StockLevel.objects.get().on_hand == 5


@pytest.mark.parametrize("count", [1, 24, 100])
def test_lists_cost_the_same_however_long(api: APIClient, manager: Any, django_assert_max_num_queries: Any, count: int):
    variant = VariantFactory(stock=count)
    for _ in range(count):
        place({variant: 1})
        VariantFactory(stock=1)
    api.force_login(manager)

    with django_assert_max_num_queries(5):
        orders = api.get("/api/v1/orders/?page_size=100")
    with django_assert_max_num_queries(5):
        levels = api.get("/api/v1/stock_levels/?page_size=100")

    assert (len(numbers(orders)), len(levels.json()["results"])) == (count, min(count + 1, 100))


@pytest.mark.parametrize("count", [1, 24, 100])
def test_one_order_costs_the_same_whatever_is_in_it(
    api: APIClient, customer: Any, django_assert_max_num_queries: Any, count: int
):
    order = paid({VariantFactory(stock=2): 1 for _ in range(count)}, user=customer)
    fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
    api.force_login(customer)

    with django_assert_max_num_queries(11):
        answer = api.get(f"/api/v1/orders/{order.number}/").json()

    assert len(answer["lines"]) == count
