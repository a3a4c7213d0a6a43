"""What other apps show of the shop: cards, panels, search."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts.users.models import User
from core.composition import attribution, cards, panels
from core.composition.cards import Action
from core.content.services.pictures import add_picture
from core.context import Actor, Grant
from core.search import index as search
from shop.cart.models import CartLine
from shop.catalogue import services as catalogue
from shop.catalogue.models import Product, ProductImage
from shop.catalogue.tests.test_catalogue_admin import png
from shop.order_management.panels import beside_conversation, today
from shop.tests.factories import SYSTEM, MarketFactory, ProductFactory, paid, place, set_stock, shop_ready
from shop.tests.pages import add_to_cart, product_with, variant_of

pytestmark = pytest.mark.django_db

STRANGER = Grant.anonymous()


@dataclass
class Room:
    """What of a conversation the shop looks at."""

    customer: User | None = None
    subject_kind: str = ""
    subject_id: str = ""


@pytest.fixture(autouse=True)
def market() -> Any:
    return MarketFactory()


def test_a_product_answers_to_its_slug_and_to_the_sku_of_a_variant():
    product_with("mug", celadon=5, moss=2)

    found = cards.resolve([("product", "mug"), ("product", "MUG-MOSS"), ("product", "unknown")], STRANGER)

    mug, moss = found["product", "mug"], found["product", "MUG-MOSS"]
    assert set(found) == {("product", "mug"), ("product", "MUG-MOSS")}
    assert (mug.title, mug.url, mug.note, mug.state) == ("Mug", "/shop/p/mug/", "Celadon, Moss", "")
    assert (moss.url, moss.note, moss.state) == ("/shop/p/mug/?variant=MUG-MOSS", "Moss", "Only 2 left")
    assert str(moss.price) == "34.00 EUR"
    assert moss.action is not None
    assert moss.action.fields == {"sku": "MUG-MOSS", "quantity": "1"}


@pytest.mark.parametrize(
    ("pieces", "backorders", "state", "buys"),
    [(10, 0, "", True), (3, 0, "Only 3 left", True), (0, 2, "Made to order", True), (0, 0, "Out of stock", False)],
)
def test_a_card_says_how_the_stock_stands_and_sells_what_there_is(pieces: int, backorders: int, state: str, buys: bool):
    variant = variant_of(ProductFactory(slug="mug"), "celadon", pieces)
    set_stock(variant, 0, backorders=backorders)

    card = cards.one("product", "mug", STRANGER)

    assert card is not None
    assert card.state == state
    assert (card.action is not None) is buys


def test_what_a_card_shows_is_what_one_press_adds():
    product = product_with("mug", celadon=0, moss=2)
    variant_of(product, "ochre", 5, position=9)

    card = cards.one("product", "mug", STRANGER)

    assert card is not None
    assert card.action is not None
    assert card.action.fields is not None
    assert card.action.fields["sku"] == "MUG-MOSS"
    assert str(card.price) == "34.00 EUR"
    assert not card.is_price_from
    assert card.note == "Moss, Celadon, Ochre"


def test_where_prices_differ_a_card_says_from_and_leads_to_the_choice(client: Client):
    product = product_with("mug", celadon=5)
    variant_of(product, "ochre", 5, price=3200, position=9)

    card, page = cards.one("product", "mug", STRANGER), client.get("/shop/").content.decode()

    assert card is not None
    assert (str(card.price), card.is_price_from, card.note) == ("32.00 EUR", True, "Celadon, Ochre")
    assert card.action == Action("Choose options", "/shop/p/mug/")
    assert '<span class="price-now">from €32.00</span>' in page
    assert 'action="/shop/cart/lines/"' not in page


def test_the_price_of_a_variant_that_is_sold_out_is_not_promised():
    product = product_with("mug", celadon=5)
    variant_of(product, "ochre", 0, price=3200, position=9)

    card = cards.one("product", "mug", STRANGER)

    assert card is not None
    assert (str(card.price), card.is_price_from) == ("34.00 EUR", False)
    assert card.action is not None
    assert card.action.fields == {"sku": "MUG-CELADON", "quantity": "1"}


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_for_sale_has_no_card(status: str):
    variant_of(ProductFactory(slug="mug", status=status), "celadon", 5)

    assert cards.resolve([("product", "mug"), ("product", "MUG-CELADON")], STRANGER) == {}


def test_a_cards_press_from_a_story_is_credited_to_it(client: Client):
    product_with("mug", celadon=5)
    card = cards.one("product", "mug", STRANGER)
    assert card is not None
    assert card.action is not None

    add_to_cart(client, **(card.action.fields or {}), ref=attribution.sign(("post", "on-glazes")))

    assert CartLine.objects.values_list("source_kind", "source_id").get() == ("post", "on-glazes")


@pytest.mark.parametrize("count", [1, 24, 100])
def test_cards_of_products_cost_three_queries_however_many(django_assert_num_queries: Any, count: int):
    for index in range(count):
        product = product_with(f"mug-{index}", celadon=5)
        if index < 24:
            picture = add_picture(upload=png(), alt=f"Mug {index}", by=SYSTEM)
            ProductImage.objects.create(product=product, picture=picture)
    pairs = [("product", f"mug-{index}") for index in range(count)]

    with django_assert_num_queries(3):
        found = cards.resolve(pairs, STRANGER)

    assert len(found) == count
    assert found["product", "mug-0"].image is not None


@pytest.mark.parametrize("who", ["customer", "manager", "agent"])
def test_an_order_shows_its_card_to_owner_and_staff(request: Any, customer: User, who: str):
    order = paid(user=customer)

    card = cards.one("order", order.number, Grant.session(request.getfixturevalue(who)))

    assert card is not None
    assert (card.title, card.url, card.state) == (f"Order {order.number}", f"/shop/orders/{order.number}/", "paid")


@pytest.mark.parametrize("who", ["", "stranger", "author"])
def test_an_order_shows_no_card_to_others(request: Any, customer: User, who: str):
    order = paid(user=customer)
    viewer = Grant.session(request.getfixturevalue(who)) if who else STRANGER

    assert cards.one("order", order.number, viewer) is None


def test_search_finds_products_by_name_glaze_and_text_and_follows_changes(deliver_events: Any):
    product_with("mug", celadon=5)
    product = Product.objects.get()
    catalogue.save_product(product=product, by=SYSTEM)
    deliver_events()
    assert [hit.public_id for hit in search.find("celadon mug", STRANGER).hits] == ["mug"]

    product.slug, product.title = "cup", "Cup"
    catalogue.save_product(product=product, by=SYSTEM)
    deliver_events()
    assert [hit.url for hit in search.find("cup", STRANGER).hits] == ["/shop/p/cup/"]
    assert [hit.public_id for hit in search.find("mug", STRANGER).hits] == ["cup"]

    product.status = "archived"
    catalogue.save_product(product=product, by=SYSTEM)
    deliver_events()
    assert search.find("cup", STRANGER).hits == []


@pytest.mark.parametrize("count", [1, 24, 100])
def test_indexing_costs_the_same_however_many(django_assert_max_num_queries: Any, count: int):
    for index in range(count):
        product_with(f"mug-{index}", celadon=5, moss=5)

    with django_assert_max_num_queries(10):
        assert search.index("product") == count


def titles(slot: str, subject: Any, viewer: Grant) -> list[str]:
    return [panel.template for panel in panels.collect(slot, subject, viewer) if panel.template.startswith("shop/")]


def test_the_admins_first_page_says_what_is_to_be_done(client: Client, manager: User):
    shop_ready()
    paid()
    place()
    product_with("mug", celadon=2)
    client.force_login(manager)

    text = client.get("/admin/").content.decode()

    numbers = re.findall(r'scope="row"><a href="/admin/shop[^>]+>([^<]+)</a></th><td>(\d+)<', text)
    assert numbers == [
        ("Orders today", "2"),
        ("To fulfil", "1"),
        ("Awaiting payment", "1"),
        ("Low stock", "1"),
    ]
    assert "MUG-CELADON" in text


def test_the_days_work_is_not_shown_to_others(author: User):
    assert titles("admin.index", None, Grant.session(author)) == []


def test_a_person_sees_their_own_orders_on_their_page(client: Client, customer: User, manager: User):
    order = paid(user=customer)
    client.force_login(customer)

    assert order.number in client.get("/account/").content.decode()
    assert titles("account.overview", customer, Grant.session(manager)) == []


def test_staff_see_a_customers_orders_on_their_page_in_the_admin(customer: User, manager: User, author: User):
    paid(user=customer)

    assert titles("customer.admin", customer, Grant.session(manager)) == ["shop/panels/orders.html"]
    assert titles("customer.admin", customer, Grant.session(author)) == []


def test_beside_a_conversation_stand_its_order_and_the_customers_others(customer: User, agent: User):
    about, other = paid(user=customer), paid(user=customer)
    room = Room(customer, "order", about.number)

    (panel,) = panels.collect("chat.beside", room, Grant.session(agent))

    assert [order for order, _card in panel.context["rows"]] == [about, other]
    assert panel.context["may_refund"] is True


@pytest.mark.parametrize("who", ["customer", "author"])
def test_orders_beside_a_conversation_are_for_staff_alone(request: Any, customer: User, who: str):
    order = paid(user=customer)
    room = Room(customer, "order", order.number)

    assert titles("chat.beside", room, Grant.session(request.getfixturevalue(who))) == []


def test_a_conversation_without_orders_gets_no_panel(customer: User, agent: User):
    assert titles("chat.beside", Room(customer), Grant.session(agent)) == []
    assert titles("chat.beside", Room(), Grant.session(agent)) == []


@pytest.mark.parametrize("count", [1, 24])
def test_panels_cost_the_same_whatever_there_is(
    customer: User, agent: User, django_assert_max_num_queries: Any, count: int
):
    orders = [paid(user=customer) for _ in range(count)]
    viewer = Grant(kind="session", actor=Actor.system("test"), scopes=frozenset())

    with django_assert_max_num_queries(3):
        today(None, viewer)
    with django_assert_max_num_queries(2):
        beside_conversation(Room(customer, "order", orders[0].number), viewer)
