"""Stock comes in for any SKU, the first pieces too; corrections say why."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from core.context import Actor
from core.testing import events_named, no_event
from shop.catalogue.models import Variant
from shop.stock import services as stock
from shop.stock.models import StockLevel, StockMovement, Warehouse
from shop.tests.factories import SYSTEM, ProductFactory, VariantFactory, WarehouseFactory, shop_ready

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

RECEIVE = "/admin/shop/stocklevel/receive/"
MOVEMENTS = "/api/v1/stock_movements/"


@pytest.fixture
def new_mug() -> Variant:
    """A variant that no warehouse has ever had."""
    shop_ready()
    WarehouseFactory()
    return Variant.objects.create(product=ProductFactory(), sku="NEW-MUG", combination="")


def test_the_first_pieces_of_a_new_product_are_received_in_the_admin(desk: Client, new_mug: Variant):
    product_page = desk.get(f"/admin/shop/product/{new_mug.product_id}/change/").content.decode()
    stock_page = desk.get("/admin/shop/stocklevel/").content.decode()
    form = desk.get(f"{RECEIVE}?product={new_mug.product_id}").context["form"]

    answer = desk.post(
        RECEIVE, {"sku": "NEW-MUG", "warehouse": "studio", "what": "receive", "change": "5", "note": "kiln", "key": "k"}
    )

    level = StockLevel.objects.get()
    assert f"{RECEIVE}?product={new_mug.product_id}" in product_page
    assert RECEIVE in stock_page
    assert form.fields["sku"].choices == [("NEW-MUG", "NEW-MUG")]
    assert (answer.status_code, level.variant, level.on_hand) == (302, new_mug, 5)
    assert StockMovement.objects.values_list("reason", "quantity", "note").get() == ("received", 5, "kiln")
    assert events_named("stock.received")[0].data == {"quantity": 5, "warehouse": "studio"}


def test_the_row_of_a_variant_leads_to_its_stock(desk: Client, new_mug: Variant):
    page = desk.get(f"/admin/shop/product/{new_mug.product_id}/change/").content.decode()

    assert f"{RECEIVE}?product={new_mug.product_id}&amp;sku=NEW-MUG" in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sku": "NO-SUCH"}, "sku"),
        ({"change": "0"}, "change"),
        ({"change": "-3"}, "change"),
        ({"warehouse": "moon"}, "warehouse"),
        ({"what": "adjust", "change": "2"}, "cause"),
        ({"what": "adjust", "change": "2", "cause": "mood"}, "cause"),
        ({"what": "adjust", "change": "2", "cause": "other"}, "note"),
    ],
)
def test_what_cannot_be_booked_is_refused_at_its_field(
    desk: Client, new_mug: Variant, change: dict[str, str], field: str
):
    sent = {"sku": "NEW-MUG", "warehouse": "studio", "what": "receive", "change": "5", "key": "k", **change}

    answer = desk.post(RECEIVE, sent)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not StockMovement.objects.exists()
    assert no_event("stock.received")


def test_a_correction_keeps_its_cause(desk: Client):
    VariantFactory(sku="MUG", stock=5)
    level = StockLevel.objects.get()
    url = f"/admin/shop/stocklevel/{level.pk}/movement/"

    without = desk.post(url, {"what": "adjust", "change": "-2", "key": "k1"})
    desk.post(url, {"what": "adjust", "change": "-2", "cause": "damaged", "key": "k2"})

    level.refresh_from_db()
    assert without.context["form"].errors == {"cause": ["Choose why the count is corrected."]}
    assert level.on_hand == 3
    assert events_named("stock.adjusted")[0].data == {"quantity": -2, "warehouse": "studio", "cause": "damaged"}


def test_a_shop_without_a_warehouse_says_what_to_do():
    Variant.objects.create(product=ProductFactory(), sku="NEW-MUG", combination="")

    with pytest.raises(stock.NoWarehouse) as refused:
        stock.receive_stock(sku="NEW-MUG", quantity=1, key="k", by=SYSTEM)

    assert "Add a warehouse first." in refused.value.detail
    assert not Warehouse.objects.exists()


def test_a_program_receives_the_first_pieces_of_any_sku_once(api: APIClient, manager: Any, new_mug: Variant):
    api.force_login(manager)
    sent = {"sku": "NEW-MUG", "reason": "received", "quantity": 4}

    answers = [api.post(MOVEMENTS, sent, format="json", HTTP_IDEMPOTENCY_KEY="one") for _again in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert (answers[0].json()["sku"], answers[0].json()["on_hand"]) == ("NEW-MUG", 4)
    assert StockLevel.objects.get().on_hand == 4


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"sku": "NO-SUCH"}, 404, "/sku"),
        ({"warehouse": "moon"}, 409, "/warehouse"),
        ({"quantity": 0}, 422, "/quantity"),
        ({"reason": "adjusted"}, 422, "/note"),
    ],
)
def test_a_program_is_told_which_part_is_wrong(
    api: APIClient, manager: Any, new_mug: Variant, change: dict[str, Any], status: int, pointer: str
):
    api.force_login(manager)

    answer = api.post(MOVEMENTS, {"sku": "NEW-MUG", "reason": "received", "quantity": 4, **change}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
    assert not StockMovement.objects.exists()


def test_who_may_only_look_receives_nothing(api: APIClient, agent: Any, new_mug: Variant):
    api.force_login(agent)

    answer = api.post(MOVEMENTS, {"sku": "NEW-MUG", "reason": "received", "quantity": 4}, format="json")

    assert answer.status_code == 403
    assert not StockLevel.objects.exists()


def test_movements_are_in_the_history_of_the_variant_and_its_level(desk: Client, new_mug: Variant, manager: Any):
    stock.receive_stock(sku="NEW-MUG", quantity=4, key="k", by=Actor.person(manager))
    level = StockLevel.objects.get()

    pages = [
        desk.get(f"/admin/shop/{name}/{pk}/history/").content.decode()
        for name, pk in (("variant", new_mug.pk), ("stocklevel", level.pk), ("product", new_mug.product_id))
    ]

    for page in pages:
        assert "Stock: received" in page
        assert "quantity: 4" in page
        assert "Max Manager" in page or "manager@example.com" in page
