"""What staff do with an order in its buyer's name stands under both names: on its page, in the staff area, in the API."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.impersonation.tests.conftest import acting, clara, desk, owner
from shop.orders.models import Order
from shop.tests.factories import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]
__all__ = ["acting", "clara", "desk", "owner"]

BOTH = "Olive Owner for Clara Clay"


@pytest.fixture
def order(acting: Client, clara: Any) -> Order:
    """Clara's order, which the owner cancelled for her."""
    made = place(user=clara)
    acting.post(f"/shop/orders/{made.number}/cancellation/")
    return made


def test_the_buyer_reads_who_acted_for_them(client: Client, order: Order, clara: Any):
    browser = Client()
    browser.force_login(clara)

    page = browser.get(f"/shop/orders/{order.number}/")

    assert [(step.label, step.by) for step in page.context["steps"]] == [("Order placed", ""), ("Cancelled", BOTH)]
    assert page.content.decode().count(BOTH) == 1


def test_whoever_has_only_the_link_does_not(order: Order):
    page = Client().get(f"/shop/orders/{order.number}/{order.signature}/")

    assert page.status_code == 200
    assert [step.label for step in page.context["steps"]] == ["Order placed", "Cancelled"]
    assert "Olive Owner" not in page.content.decode()


def test_staff_read_both_names_in_the_staff_area(order: Order, manager: Any):
    browser = Client()
    browser.force_login(manager)

    page = browser.get(f"/admin/shop/order/{order.pk}/change/").content.decode()

    assert f"<td>{BOTH}</td>" in page


def test_programs_read_both_names(order: Order, clara: Any):
    api = APIClient()
    api.force_login(clara)

    answer = api.get(f"/api/v1/orders/{order.number}/").json()

    assert [(told["name"], told["in_name"]) for told in answer["happened"]] == [
        ("order.placed", None),
        ("order.cancelled", {"staff": "Olive Owner", "person": "Clara Clay"}),
    ]


def test_an_order_in_which_nobody_acted_for_another_asks_nothing_more(
    order: Order, clara: Any, django_assert_num_queries: Any
):
    from accounts.impersonation.queries import get_impersonation_names
    from core.events.models import Event

    happened = list(Event.objects.about("order", order.number))
    with django_assert_num_queries(0):
        assert get_impersonation_names(event for event in happened if event.name == "order.placed") == {}
    with django_assert_num_queries(1):
        both_of_all = get_impersonation_names(happened)
        assert {str(both) for both in both_of_all.values()} == {BOTH}
    acted = {event.name for event in happened if event.pk in both_of_all}
    assert "order.cancelled" in acted
    assert "order.placed" not in acted
