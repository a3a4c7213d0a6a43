"""Search finds beginnings of words and words with one typing error, after what has the very words."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.context import Grant
from core.search import index as search
from core.search import words as search_words
from core.search.index import Document
from core.search.models import SearchDocument, SearchWord

pytestmark = pytest.mark.django_db

NOBODY = Grant.anonymous()


@pytest.fixture
def source(monkeypatch):
    """The things that can be found, by id; a test changes them and indexes again."""
    things: dict[str, Document] = {
        "teapot": Document("teapot", "Round Teapot", "/teapot", weight=9),
        "bowl": Document("bowl", "Breakfast Bowl", "/bowl", body="Thrown in porcelain."),
        "mug": Document("mug", "Straight Mug", "/mug"),
        "secret": Document("secret", "Secret Samovar", "/secret", audience=("members",)),
    }
    monkeypatch.setattr(search, "_makers", {})
    monkeypatch.setattr(search, "_audiences", [])
    search.register("thing")(lambda ids: (doc for key, doc in things.items() if ids is None or key in ids))
    search.index("thing")
    return things


def ids(q: str, **options) -> list[str]:
    return [hit.public_id for hit in search.find(q, NOBODY, **options).hits]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("teap", ["teapot"]),
        ("bow", ["bowl"]),
        ("b", ["bowl"]),
        ("mugg", ["mug"]),
        ("teepot", ["teapot"]),
        ("tepaot", ["teapot"]),
        ("teepo", ["teapot"]),
        ("brekfast bowl", ["bowl"]),
        ("porcelian", ["bowl"]),
        ("PORCELIAN", ["bowl"]),
        ("porzelain", ["bowl"]),
        ("mug bow", []),
        ("xyzzy", []),
        ("nug", []),
    ],
)
def test_beginnings_and_typing_errors_find(source, q, expected):
    assert ids(q) == expected


def test_the_very_word_comes_first_however_popular_what_is_like_it(source):
    source["pot"] = Document("pot", "Pot", "/pot")
    source["pottery"] = Document("pottery", "Pottery course", "/pottery", weight=900)
    search.index("thing")

    assert ids("pot") == ["pot", "pottery"]
    assert ids("pot", limit=1) == ["pot"]


def test_what_is_like_the_words_is_counted_and_said(source):
    similar, exact = search.find("teepot", NOBODY), search.find("teapot", NOBODY)

    assert (similar.total, similar.kinds, similar.is_similar) == (1, {"thing": 1}, True)
    assert (exact.total, exact.is_similar) == (1, False)
    assert search.find("teepot", NOBODY, kinds=["other"], is_counting_all=True).kinds == {"thing": 1}


@pytest.mark.parametrize("q", ['"teap"', "teap -round", "teap or bow"])
def test_a_query_that_says_how_to_search_is_taken_at_its_word(source, q):
    assert ids(q) == []


def test_a_typing_error_finds_nothing_that_the_viewer_may_not_see(source):
    assert ids("samovra") == []
    assert search.find("samovra", NOBODY).kinds == {}


@pytest.mark.parametrize(
    "q",
    ["-" * 33, "- " * 100, "!" * 200, "a" * 80, "é" * 200, "e\u0301" * 90, "हिन्दी", "茶壺", "x:*|y", "' & \\", "\0"],
)
def test_odd_queries_find_nothing_and_do_no_harm(source, q):
    assert search.find(q, NOBODY).hits == []


@pytest.mark.parametrize("number", [1, 30, 200])
def test_four_queries_however_many_words_and_matches(source, number, django_assert_num_queries):
    source.update({str(n): Document(str(n), f"Mug {n}", "/") for n in range(number)})
    search.index("thing")

    with django_assert_num_queries(4):
        search.find("straigt muug " + "word " * 30, NOBODY)


@pytest.mark.parametrize(
    ("first", "second", "errors"),
    [
        ("bowl", "bowl", 0),
        ("bolw", "bowl", 1),
        ("bow", "bowl", 1),
        ("bpwl", "bowl", 1),
        ("ca", "abc", 3),
        ("", "ab", 2),
    ],
)
def test_distance_counts_typing_errors(first, second, errors):
    assert search_words.distance(first, second) == search_words.distance(second, first) == errors


def reindexed(*kinds: str) -> str:
    out = StringIO()
    call_command("reindex", *kinds, stdout=out)
    return out.getvalue()


def test_reindex_mends_an_index_that_drifted_and_says_what_it_did(source):
    SearchDocument.objects.filter(public_id="mug").delete()
    SearchDocument.objects.filter(public_id="bowl").update(title="Changed by hand")
    SearchDocument.objects.create(kind="thing", public_id="ghost", title="Ghost", url="/", audience=["everyone"])
    SearchWord.objects.all().delete()
    SearchWord.objects.create(word="obsolete")

    said = reindexed()

    assert [ids("mug"), ids("breakfast"), ids("ghost"), ids("teepot")] == [["mug"], ["bowl"], [], ["teapot"]]
    assert not SearchWord.objects.filter(word="obsolete").exists()
    assert said == "thing: 4 indexed\nthing: 4 indexed\nthing: 4 indexed, done\nwords: 1 removed that no document has\n"


def test_reindex_goes_in_batches(source, monkeypatch):
    monkeypatch.setattr(search, "BATCH", 3)

    assert reindexed("thing").splitlines()[:2] == ["thing: 3 indexed", "thing: 4 indexed"]


def test_reindex_of_an_unknown_kind_names_those_there_are(source):
    with pytest.raises(CommandError, match=r"No such kind: nothing\. There are thing\."):
        reindexed("nothing")
