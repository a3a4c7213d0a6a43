"""The shop in the staff area: lists of bounded cost, and verbs that are the services' own."""

from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from core import testing
from core.context import Actor
from core.testing import events_named
from shop.catalogue.models import Category, Option, Product
from shop.orders.models import Order
from shop.payments.services import refunds
from shop.reviews import services as reviews
from shop.reviews.models import Review
from shop.stock.models import StockLevel, StockMovement
from shop.tests.factories import (
    SYSTEM,
    VariantFactory,
    euros,
    paid,
)
from shop.tests.pages import product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

REGISTERED = [
    "bankbooking",
    "category",
    "ledgerentry",
    "market",
    "option",
    "order",
    "payment",
    "price",
    "product",
    "refund",
    "reservation",
    "review",
    "sandboxcharge",
    "shippingmethod",
    "stocklevel",
    "stockmovement",
    "taxrate",
    "variant",
    "warehouse",
    "webhookinbox",
]


@pytest.mark.parametrize("count", [1, 24, 100])
def test_every_list_costs_the_same_however_long(
    desk: Client, manager: Any, deliver_events: Any, django_assert_max_num_queries: Any, count: int
):
    variant = VariantFactory(stock=count)
    for index in range(count):
        order = paid({variant: 1})
        refunds.request_refund(order_id=order.pk, reason="broke", by=Actor.person(manager))
        product = product_with(f"cup-{index}", celadon=1)
        Category.objects.create(slug=f"c{index}", name="C", parent=product.category)
        Option.objects.create(slug=f"o{index}", name="O")
    deliver_events()

    for name in REGISTERED:
        with django_assert_max_num_queries(12):
            answer = desk.get(f"/admin/shop/{name}/")
        assert answer.status_code == 200


def test_stock_is_received_and_corrected_on_its_own_page(desk: Client):
    VariantFactory(sku="MUG", stock=5)
    level = StockLevel.objects.get()
    url = f"/admin/shop/stocklevel/{level.pk}/movement/"

    desk.post(url, {"what": "receive", "change": "3", "key": "k1"})
    desk.post(url, {"what": "receive", "change": "3", "key": "k1"})
    desk.post(url, {"what": "adjust", "change": "-2", "cause": "damaged", "key": "k2"})
    too_many = desk.post(url, {"what": "adjust", "change": "-7", "cause": "damaged", "key": "k3"})
    silent = desk.post(url, {"what": "adjust", "change": "-1", "key": "k4"})

    level.refresh_from_db()
    assert level.on_hand == 6
    assert [too_many.status_code, silent.status_code] == [422, 422]
    assert sorted(StockMovement.objects.values_list("quantity", flat=True)) == [-2, 3, 5]


def test_a_backorder_limit_goes_through_its_service(desk: Client):
    VariantFactory(sku="MUG", stock=5)
    level = StockLevel.objects.get()
    url = f"/admin/shop/stocklevel/{level.pk}/change/"

    desk.post(url, {"backorder_limit": "4", "low_at": "2"})

    level.refresh_from_db()
    assert (level.backorder_limit, level.low_at, level.on_hand) == (4, 2, 5)
    assert len(events_named("stock.limited")) == 1


@pytest.mark.parametrize("verb", ["movement", "change"])
def test_counts_are_not_moved_by_who_may_only_look(client: Client, agent: Any, verb: str):
    VariantFactory(stock=5)
    level = StockLevel.objects.get()
    client.force_login(agent)
    sent = {"what": "receive", "change": "3", "key": "k", "backorder_limit": "9", "low_at": "1"}

    answer = client.post(f"/admin/shop/stocklevel/{level.pk}/{verb}/", sent)

    assert answer.status_code == 403
    assert StockLevel.objects.values_list("on_hand", "backorder_limit").get() == (5, 0)


@pytest.mark.parametrize("name", ["order", "payment", "ledgerentry", "refund", "reservation", "stockmovement", "price"])
def test_what_happened_is_not_edited_by_anyone(client: Client, staff: Any, name: str):
    order = paid()
    refunds.request_refund(order_id=order.pk, amount=euros("5.00"), reason="broke", by=SYSTEM)
    client.force_login(staff)
    model = apps.get_model("shop", name)
    row = model._default_manager.first()
    before = testing.snapshot(f"shop.{name}")

    answers = [
        client.post(f"/admin/shop/{name}/add/", {}),
        client.post(f"/admin/shop/{name}/{row.pk}/change/", {"status": "cancelled", "amount": "1"}),
        client.post(f"/admin/shop/{name}/{row.pk}/delete/", {"post": "yes"}),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert testing.snapshot(f"shop.{name}") == before
    assert Order.objects.get(pk=order.pk).status == "paid"


def test_reviews_are_hidden_and_shown_again(desk: Client, customer: Any):
    product = product_with("mug", celadon=5)
    paid({product.variants.get(): 1}, user=customer)
    review = reviews.write_review(product_id=product.pk, rating=1, by=Actor.person(customer))

    desk.post("/admin/shop/review/", {"action": "hide", "_selected_action": [review.pk]})
    assert Review.objects.get().status == "hidden"
    assert Product.objects.get().rating_count == 0

    desk.post("/admin/shop/review/", {"action": "publish", "_selected_action": [review.pk]})
    assert Review.objects.get().status == "published"
    assert [event.name for event in events_named("review.hidden")] == ["review.hidden"]
