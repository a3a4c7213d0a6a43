"""Search keeps up with the catalogue and with what sells."""

from typing import Any

import pytest

from core.context import Grant
from core.search import index as search
from shop.catalogue import services as catalogue
from shop.tests.factories import SYSTEM, ProductFactory, VariantFactory, paid

pytestmark = pytest.mark.usefixtures("sums_hold")


def found(words: str) -> list[str]:
    return [hit.public_id for hit in search.find(words, Grant.anonymous(), kinds=["product"]).hits]


def test_a_saved_product_is_found_and_a_withdrawn_one_is_not(deliver_events: Any) -> None:
    product = ProductFactory(slug="mug", title="Celadon beaker", status="draft")
    for status, expected in (("draft", []), ("active", ["mug"]), ("archived", [])):
        product.status = status
        catalogue.save_product(product=product, by=SYSTEM)
        deliver_events()
        assert found("beaker") == expected


def test_under_a_new_slug_it_is_found_once(deliver_events: Any) -> None:
    product = ProductFactory(slug="mug", title="Celadon beaker")
    for slug in ("mug", "beaker"):
        product.slug = slug
        catalogue.save_product(product=product, by=SYSTEM)
        deliver_events()

    assert found("celadon") == ["beaker"]


def test_what_sells_comes_first(deliver_events: Any) -> None:
    variants = [VariantFactory(product__slug=slug, product__title="Beaker") for slug in ("first", "second")]
    search.index("product")
    assert found("beaker") == ["second", "first"]

    paid({variants[0]: 5})
    deliver_events()

    assert found("beaker") == ["first", "second"]


@pytest.fixture
def pottery(deliver_events: Any) -> None:
    for slug, title in (("teapot", "Round Teapot"), ("bowl", "Breakfast Bowl"), ("beaker", "Straight Beaker")):
        VariantFactory(product__slug=slug, product__title=title, product__summary="Thrown.", stock=5)
    search.index("product")


TYPED = [("teap", "teapot"), ("bow", "bowl"), ("beakerr", "beaker"), ("teepot", "teapot"), ("teapots", "teapot")]


@pytest.mark.parametrize(("q", "slug"), TYPED)
def test_shelf_and_api_find_beginnings_and_typing_errors(pottery: None, client: Any, q: str, slug: str) -> None:
    shelf = client.get("/shop/", {"q": q})
    listed = client.get("/api/v1/products/", {"q": q}).json()
    searched = client.get("/api/v1/search/", {"q": q}).json()

    assert [card.id for card in shelf.context["cards"]] == [slug]
    assert shelf.context["shelf"].total == 1
    assert [row["slug"] for row in listed["results"]] == [slug]
    assert [hit["id"] for hit in searched["results"]] == [slug]


@pytest.mark.parametrize("q", ["-" * 33, "- - - " * 9, "!" * 40])
def test_signs_alone_narrow_nothing(pottery: None, client: Any, q: str) -> None:
    shelf = client.get("/shop/", {"q": q})

    assert (shelf.status_code, shelf.context["shelf"].total) == (200, 3)
