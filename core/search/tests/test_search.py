"""Search finds by meaning, shows nobody what they may not see, and follows what it indexes."""

import random
from collections.abc import Mapping

import pytest
from django.db import connection

from core.context import Actor, Grant
from core.search import index as search
from core.search.index import Document
from core.search.models import SearchDocument

NOBODY = Grant.anonymous()
MEMBER = Grant("session", Actor("user", "u1"), frozenset())


@pytest.fixture(autouse=True)
def shelf(monkeypatch):
    """The documents that exist, by id; a test changes them and indexes again."""
    shelf: dict[str, Document] = {
        "mug": Document("mug", "Straight Mug", "/mug", summary="For coffee", weight=1),
        "bowl": Document("bowl", "Breakfast bowl", "/bowl", body="Also holds a mug of soup", weight=5),
        "secret": Document("secret", "Secret mug", "/secret", audience=("members",)),
    }
    monkeypatch.setattr(search, "_makers", {})
    monkeypatch.setattr(search, "_audiences", [lambda viewer: {"members"} if viewer.actor.id else set()])
    search.register("thing")(lambda ids: (doc for key, doc in shelf.items() if ids is None or key in ids))
    return shelf


@pytest.fixture
def indexed(db, shelf):
    search.index("thing")
    return shelf


def ids(q: str, viewer: Grant = NOBODY, **options) -> list[str]:
    return [hit.public_id for hit in search.find(q, viewer, **options).hits]


def test_a_title_counts_more_than_a_body(indexed):
    assert ids("mug") == ["mug", "bowl"]


def test_words_are_found_in_other_forms(indexed):
    assert ids("mugs") == ["mug", "bowl"]
    assert ids('"breakfast bowl"') == ["bowl"]
    assert ids("mug -soup") == ["mug"]


def test_only_the_audience_finds(indexed):
    assert "secret" not in ids("mug")
    assert "secret" in ids("mug", MEMBER)


def test_kinds_can_be_named(indexed):
    assert ids("mug", kinds=["other"]) == []
    assert ids("mug", kinds=["thing"]) == ["mug", "bowl"]


def test_the_index_follows_changes_and_removals(indexed):
    indexed["mug"] = Document("mug", "Tall cup", "/mug")
    del indexed["bowl"]

    search.index("thing", ["mug", "bowl"])

    assert ids("mug") == []
    assert ids("cup") == ["mug"]
    assert SearchDocument.objects.count() == 2


@pytest.mark.parametrize("q", ["", "   ", "'", '"', "&|!", "a" * 5000, "\u2603", "-", "mug & | !"])
def test_no_query_breaks_it(indexed, q):
    search.find(q, NOBODY)


def test_two_queries_however_many_match(indexed, django_assert_num_queries):
    indexed.update({str(n): Document(str(n), f"Mug {n}", "/") for n in range(120)})
    search.index("thing")

    with django_assert_num_queries(2):
        found = search.find("mug", NOBODY)

    assert (len(found.hits), found.total, found.capped) == (24, 122, False)


def test_beyond_the_cap_the_most_popular_are_ranked(indexed, monkeypatch):
    monkeypatch.setattr(search, "CANDIDATES", 1)

    found = search.find("mug", NOBODY)

    assert ([hit.public_id for hit in found.hits], found.capped) == (["bowl"], True)


def test_kinds_are_counted_as_far_as_the_viewer_may_see(indexed):
    search.register("page")(lambda ids: iter([Document("about", "About our mugs", "/about")]))
    search.index("page")

    def counted(q: str, viewer: Grant) -> Mapping[str, int]:
        return search.find(q, viewer, kinds=["page"], is_counting_all=True).kinds

    assert counted("mug", NOBODY) == {"page": 1, "thing": 2}
    assert counted("mug", MEMBER) == {"page": 1, "thing": 3}
    assert counted(" ", MEMBER) == {}


@pytest.mark.django_db
def test_no_mixture_of_signs_breaks_the_reading_of_a_query():
    chance = random.Random(7)
    signs = ["-", "!", '"', "&", "|", "(", ")", ":", "*", "<", ">", "'", "\\", " ", "a", "or", "_"]
    queries = ["".join(chance.choices(signs, k=chance.choice((40, 200)))) for _ in range(2000)]
    queries += [sign * 200 for sign in signs] + ["-(" * 100, "-&" * 100, '-"' * 100, "- or " * 50]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(websearch_to_tsquery('english', q)) FROM unnest(%s::text[]) q",
            [list(map(search.clean, queries))],
        )
        assert cursor.fetchone() == (len(queries),)
