"""A shelf on the home page: its name, its picture, one query however many."""

import pytest
from pytest_django import DjangoAssertNumQueries

from core.composition import cards
from core.context import Grant
from shop.tests.factories import CategoryFactory


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 24])
def test_shelves_are_shown_as_cards(count: int, django_assert_num_queries: DjangoAssertNumQueries):
    shelves = [CategoryFactory(slug=f"shelf-{number}") for number in range(count)]
    asked = [("category", shelf.slug) for shelf in shelves]

    with django_assert_num_queries(1):
        found = cards.resolve([*asked, ("category", "no-such-shelf")], Grant.anonymous())

    assert list(found) == asked
    assert found[asked[0]].title == shelves[0].name
    assert found[asked[0]].url == f"/shop/{shelves[0].slug}/"
