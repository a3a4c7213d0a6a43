"""One verb, three doors: the order's page, the API and the admin ask for the same refund and leave the same rows."""

from collections.abc import Callable
from typing import Any

import pytest

from core import testing
from core.testing import JustSignedIn, events_named
from shop.conftest import ApiJustSignedIn
from shop.orders.models import Order, OrderLine
from shop.payments.models import Payment, Refund, RefundLine
from shop.tests.factories import VariantFactory, paid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

Door = Callable[[Any, Order, dict[str, Any]], int]


def through_page(user: Any, order: Order, wish: dict[str, Any]) -> int:
    client = JustSignedIn()
    client.force_login(user)
    return client.post(f"/shop/orders/{order.number}/refunds/", as_form(wish)).status_code


def through_admin(user: Any, order: Order, wish: dict[str, Any]) -> int:
    client = JustSignedIn()
    client.force_login(user)
    return client.post(f"/admin/shop/order/{order.pk}/refund/", as_form(wish)).status_code


def through_api(user: Any, order: Order, wish: dict[str, Any]) -> int:
    client = ApiJustSignedIn()
    client.force_login(user)
    amount = {"amount": {"amount": wish["amount"], "currency": "EUR"}} if "amount" in wish else {}
    return client.post(f"/api/v1/orders/{order.number}/refunds/", {**wish, **amount}, format="json").status_code


def as_form(wish: dict[str, Any]) -> dict[str, Any]:
    what = "amount" if "amount" in wish else "items" if "lines" in wish else "all"
    pieces = {f"line-{uid}": count for uid, count in wish.get("lines", {}).items()}
    said = {name: wish[name] for name in ("amount", "reason") if name in wish}
    return {"what": what, "key": "one-press", **pieces, **said, **({"restock": "on"} if wish.get("restock") else {})}


DOORS = {"page": through_page, "api": through_api, "admin": through_admin}
WISHES: dict[str, Callable[[Order], dict[str, Any]]] = {
    "an amount": lambda order: {"amount": "5.00"},
    "one piece": lambda order: {"lines": {str(order.lines.get().uid): 1}},
    "all that is left": lambda order: {},
    "pieces that came back": lambda order: {"lines": {str(order.lines.get().uid): 2}, "restock": True},
}


@pytest.fixture
def order(customer: Any) -> Order:
    return paid({VariantFactory(stock=5, sku="MUG"): 2}, user=customer)


def written() -> Any:
    """All that a refund leaves, without keys and moments of its own."""
    (event,) = events_named("order.refund_requested")
    return {
        "refunds": list(Refund.objects.values("amount", "state", "cause", "reason", "restock", "requested_by")),
        "lines": list(RefundLine.objects.values("quantity", "cancelled", "amount")),
        "payment": list(Payment.objects.values("captured", "refunded", "refund_pending", "status")),
        "order lines": list(OrderLine.objects.values("quantity_refunded", "quantity_cancelled")),
        "event": (event.actor_kind, event.actor_id, {**event.data, "refund": ""}),
    }


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("door", ["api", "admin"])
def test_every_door_leaves_the_same_rows_and_the_same_event(order: Order, manager: Any, wish: str, door: str):
    """The page's refund is undone by a savepoint, and the other door's compared with it."""
    from django.db import transaction

    asked = {"reason": "broke", **WISHES[wish](order)}
    with transaction.atomic():
        assert DOORS["page"](manager, order, asked) == 303
        by_page = written()
        transaction.set_rollback(True)

    status = DOORS[door](manager, order, asked)

    assert status == {"api": 201, "admin": 302}[door]
    assert written() == by_page


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("customer", {"page": 403, "api": 403, "admin": 302}),
        ("stranger", {"page": 404, "api": 404, "admin": 302}),
        ("author", {"page": 404, "api": 404, "admin": 403}),
    ],
)
def test_no_door_opens_for_who_may_not_refund(
    order: Order, request: Any, door: str, who: str, expected: dict[str, int]
):
    before = testing.snapshot("shop.Refund", "shop.Payment", "shop.OrderLine", "core.Event")

    status = DOORS[door](request.getfixturevalue(who), order, {"reason": "mine"})

    assert status == expected[door]
    assert testing.snapshot("shop.Refund", "shop.Payment", "shop.OrderLine", "core.Event") == before


@pytest.mark.parametrize(("door", "declined"), [("page", 422), ("api", 409), ("admin", 422)])
def test_no_door_gives_back_more_than_came(order: Order, manager: Any, door: str, declined: int):
    before = testing.snapshot("shop.Refund", "shop.Payment", "shop.OrderLine", "core.Event")

    status = DOORS[door](manager, order, {"reason": "broke", "amount": "72.91"})

    assert status == declined
    assert testing.snapshot("shop.Refund", "shop.Payment", "shop.OrderLine", "core.Event") == before


@pytest.mark.parametrize("door", ["page", "admin"])
def test_a_press_that_is_sent_twice_refunds_once(order: Order, manager: Any, door: str):
    for _ in range(2):
        DOORS[door](manager, order, {"reason": "broke", "amount": "5.00"})

    assert list(Refund.objects.values_list("amount", flat=True)) == [500]
