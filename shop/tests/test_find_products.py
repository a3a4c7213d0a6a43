"""Search keeps up with the catalogue and with what sells."""

from typing import Any

import pytest

from core import search
from core.context import Grant
from shop.services import catalogue
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
