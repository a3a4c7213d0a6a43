"""Shelves: what is on them, narrowed, sorted, paged, and what that costs."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from shop.catalogue.models import Category, Product
from shop.tests.factories import CategoryFactory, MarketFactory, ProductFactory
from shop.tests.pages import product_with, shelf_of, variant_of

pytestmark = pytest.mark.django_db

FRAGMENT = {"headers": {"hx-request": "true"}}


@pytest.fixture(autouse=True)
def market() -> Any:
    return MarketFactory()


def titles(response: Any) -> list[str]:
    return [card.title for card in response.context["cards"]]


def shelf(client: Client, path: str = "/shop/", **query: Any) -> Any:
    return client.get(f"{path}?{urlencode(query, doseq=True)}")


def test_a_shelf_shows_what_is_for_sale_and_nothing_else(client: Client):
    product_with("mug", celadon=5)
    product_with("plate", celadon=0)
    ProductFactory(slug="draft", title="Draft", status="draft")
    ProductFactory(slug="no-variant", title="No variant")
    variant_of(ProductFactory(slug="archived", title="Archived", status="archived"), "moss", 3)

    response = shelf(client, ordering="title")

    assert titles(response) == ["Mug", "Plate"]
    assert [card.state for card in response.context["cards"]] == ["", "Out of stock"]
    assert "2 products" in response.content.decode()


def test_a_category_shows_itself_and_what_is_below(client: Client):
    cups = CategoryFactory(slug="cups", name="Cups")
    mugs = CategoryFactory(slug="mugs", name="Mugs", parent=cups)
    bowls = CategoryFactory(slug="bowls", name="Bowls")
    for slug, category in (("cup", cups), ("mug", mugs), ("bowl", bowls)):
        Product.objects.filter(pk=product_with(slug, celadon=5).pk).update(category=category)

    assert titles(shelf(client, "/shop/cups/", ordering="title")) == ["Cup", "Mug"]
    assert titles(shelf(client, "/shop/mugs/")) == ["Mug"]
    assert client.get("/shop/plates/").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"option": "glaze:celadon"}, ["Cheap", "Dear"]),
        ({"option": "glaze:moss"}, ["Middle"]),
        ({"option": ["glaze:moss", "glaze:celadon"]}, ["Cheap", "Dear", "Middle"]),
        ({"option": "glaze:unknown"}, []),
        ({"price": "-25"}, ["Cheap"]),
        ({"price": "25-50"}, ["Middle"]),
        ({"price": ["-25", "100-"]}, ["Cheap", "Dear"]),
        ({"in_stock": "true"}, ["Cheap", "Dear"]),
        ({"option": "glaze:celadon", "price": "100-", "in_stock": "true"}, ["Dear"]),
        ({"option": "no such filter", "price": "x"}, ["Cheap", "Dear", "Middle"]),
    ],
)
def test_filters_narrow_the_shelf_and_unknown_ones_are_left_out(client: Client, query: Any, expected: list[str]):
    variant_of(ProductFactory(slug="cheap", title="Cheap"), "celadon", 5, price=2000)
    variant_of(ProductFactory(slug="middle", title="Middle"), "moss", 0, price=4900)
    variant_of(ProductFactory(slug="dear", title="Dear"), "celadon", 1, price=10000)

    assert titles(shelf(client, ordering="title", **query)) == expected


def test_one_variant_must_match_all_filters_not_several_together(client: Client):
    product = ProductFactory(slug="mug", title="Mug")
    variant_of(product, "celadon", 5, price=2000)
    variant_of(product, "moss", 0, price=12000)

    assert titles(shelf(client, option="glaze:moss", price="-25")) == []
    assert titles(shelf(client, option="glaze:moss", in_stock="true")) == []
    assert titles(shelf(client, option="glaze:celadon", price="-25", in_stock="true")) == ["Mug"]


def test_counts_say_what_a_filter_would_leave(client: Client):
    variant_of(ProductFactory(slug="a"), "celadon", 5, price=2000)
    variant_of(ProductFactory(slug="b"), "celadon", 0, price=6000)
    variant_of(ProductFactory(slug="c"), "moss", 5, price=2000)

    facets = shelf(client, option="glaze:celadon").context["facets"]

    counts = {value.value: value.count for facet in facets for value in facet.values}
    assert counts == {"glaze:celadon": 2, "glaze:moss": 1, "-25": 1, "25-50": 0, "50-100": 1, "100-": 0, "true": 1}


def test_each_chip_leads_to_the_shelf_without_its_filter(client: Client):
    product_with("mug", celadon=5, moss=5)

    chips = shelf(client, option=["glaze:celadon", "glaze:moss"], price="25-50", ordering="price").context["chips"]

    assert chips == [
        ("Celadon", "/shop/?option=glaze%3Amoss&price=25-50&ordering=price"),
        ("Moss", "/shop/?option=glaze%3Aceladon&price=25-50&ordering=price"),
        ("€25 to €50", "/shop/?option=glaze%3Aceladon&option=glaze%3Amoss&ordering=price"),
    ]


def test_a_narrowed_card_leads_to_the_variant_that_matches(client: Client):
    product_with("mug", celadon=5, moss=5)

    (card,) = shelf(client, option="glaze:moss").context["cards"]

    assert card.url == "/shop/p/mug/?variant=MUG-MOSS"
    assert card.note == "Moss"


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("price", ["B", "A", "C"]),
        ("-price", ["C", "A", "B"]),
        ("title", ["A", "B", "C"]),
        ("-created_at", ["C", "B", "A"]),
        ("-popularity", ["C", "B", "A"]),
        ("nonsense", ["C", "B", "A"]),
    ],
)
def test_a_shelf_is_sorted_as_asked(client: Client, ordering: str, expected: list[str]):
    for title, price in (("A", 3000), ("B", 2000), ("C", 4000)):
        variant_of(ProductFactory(slug=title.lower(), title=title), "celadon", 5, price=price)

    assert titles(shelf(client, ordering=ordering)) == expected


@pytest.mark.parametrize("ordering", ["price", "-price", "title", "-created_at", "-popularity"])
def test_pages_follow_each_other_without_gap_or_repetition(client: Client, ordering: str):
    shelf_of(30, celadon=3)

    first = shelf(client, ordering=ordering)
    second = shelf(client, ordering=ordering, cursor=first.context["page"].next)
    back = shelf(client, ordering=ordering, cursor=second.context["page"].previous)

    assert len(titles(first)) == 24
    assert len(set(titles(first) + titles(second))) == 30
    assert titles(back) == titles(first)
    assert first.context["page"].previous == second.context["page"].next == ""


def test_a_broken_cursor_is_refused_in_words(client: Client):
    assert shelf(client, cursor="broken").status_code == 400


def test_a_script_gets_the_results_and_fresh_counts_only(client: Client):
    product_with("mug", celadon=5)

    response = client.get("/shop/", **FRAGMENT)

    text = response.content.decode()
    assert text.lstrip().startswith('<section id="results"')
    assert 'id="count-option-glazeceladon" data-hx-swap-oob="true">1<' in text
    assert "<html" not in text
    assert "HX-Request" in response["Vary"]


def test_words_are_looked_for_in_what_search_knows(client: Client, deliver_events: Any):
    from core.search import index as search

    product_with("mug", celadon=5)
    product_with("teapot", celadon=5)
    search.index("product")

    assert titles(shelf(client, q="teapots")) == ["Teapot"]


def test_an_empty_shelf_says_what_to_do(client: Client):
    Category.objects.create(slug="lamps", name="Lamps")

    assert "No products here yet" in client.get("/shop/lamps/").content.decode()
    assert "Clear all filters" in shelf(client, "/shop/lamps/", price="-25").content.decode()


@pytest.mark.parametrize("count", [1, 24, 100])
def test_a_shelf_costs_the_same_whatever_is_on_it(client: Client, django_assert_max_num_queries: Any, count: int):
    shelf_of(count, celadon=5, moss=1, tenmoku=0)

    with django_assert_max_num_queries(7):
        response = shelf(client, "/shop/cups-mugs/", option="glaze:celadon", price="25-50", in_stock="true")

    assert len(titles(response)) == min(count, 24)
