"""One search over everything: tabs by kind, cards where there are some, a hand where nothing is found."""

import pytest

from core.composition import cards
from core.composition.cards import Card
from core.money import Money
from core.search import index as search
from core.search.index import Document

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(monkeypatch):
    """A house with pieces and stories; only pieces have cards."""
    monkeypatch.setattr(search, "_makers", {})
    monkeypatch.setattr(search, "_audiences", [])
    monkeypatch.setattr(cards, "_resolvers", {})

    @cards.register("product")
    def pieces(ids, viewer):
        return {one: Card("product", one, f"Piece {one}", f"/shop/p/{one}/", price=Money(3400, "EUR")) for one in ids}


def index(kind: str, number: int, **values) -> None:
    documents = [Document(f"{kind}-{at}", f"A {kind} mug {at}", f"/{kind}/{at}/", **values) for at in range(number)]
    search.register(kind)(lambda ids: iter(documents))
    search.index(kind)


def test_before_a_word_is_typed_nothing_is_asked(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = client.get("/search/")

    assert page.status_code == 200
    assert b"Enter a search term" in page.content


def test_hits_are_cards_where_their_app_gives_one_and_plain_where_not(client):
    index("product", 1)
    index("post", 1)

    html = client.get("/search/", {"q": "mug"}).content.decode()

    assert "Piece product-0" in html
    assert "€34.00" in html
    assert 'href="/post/0/">A post mug 0</a>' in html
    assert "2 found." in html


def test_tabs_count_each_kind_whatever_is_chosen(client):
    index("product", 3)
    index("post", 2)

    page = client.get("/search/", {"q": "mug", "kind": "post"})

    assert [(str(tab["label"]), tab["count"], tab["current"]) for tab in page.context["tabs"]] == [
        ("Everything", 5, False),
        ("Pieces", 3, False),
        ("Stories", 2, True),
    ]
    assert [hit.kind for hit, _card in page.context["hits"]] == ["post", "post"]


def test_nothing_found_says_so_and_offers_ways_on(client):
    index("product", 1)

    html = client.get("/search/", {"q": "<zebra>"}).content.decode()

    assert "Nothing found for “&lt;zebra&gt;”" in html
    assert '<a class="tag" href="/journal/">' in html


def test_what_a_stranger_may_not_find_is_not_counted_either(client):
    index("room", 2, audience=("members",))
    index("product", 1)

    page = client.get("/search/", {"q": "mug"})

    assert page.context["found"].total == 1
    assert b"A room mug" not in page.content


def test_htmx_gets_only_what_changes(client):
    index("product", 1)

    page = client.get("/search/", {"q": "mug"}, headers={"HX-Request": "true"})

    html = page.content.decode()
    assert "<html" not in html
    assert "<title>mug: search in" in html
    assert 'id="search-count" role="status" data-hx-swap-oob="innerHTML">1 found.</p>' in html
    assert "HX-Request" in page["Vary"]


def test_a_history_restore_gets_the_whole_page(client):
    index("product", 1)

    page = client.get("/search/", {"q": "mug"}, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert "<html" in page.content.decode()
    assert "HX-History-Restore-Request" in page["Vary"]


@pytest.mark.parametrize("asked", [{"q": "x" * 5000}, {"q": "'\"()&|!:*"}, {"kind": "nothing", "q": "mug"}])
def test_odd_questions_get_an_answer(client, asked):
    index("product", 1)

    assert client.get("/search/", asked).status_code == 200


@pytest.mark.parametrize("number", [1, 24, 100])
def test_a_search_costs_the_same_however_much_is_found(client, django_assert_max_num_queries, number):
    index("product", number)
    index("post", number)

    with django_assert_max_num_queries(4):
        page = client.get("/search/", {"q": "mug"})

    assert page.context["found"].total == 2 * number
    assert len(page.context["hits"]) == min(2 * number, 48)


def test_a_search_by_someone_signed_in_is_within_its_budget(client, customer, django_assert_max_num_queries):
    client.force_login(customer)
    index("product", 24)

    with django_assert_max_num_queries(10):
        assert client.get("/search/", {"q": "mug"}).status_code == 200


def test_suggestions_are_the_best_few_with_a_way_to_all(client):
    index("product", 8)

    html = client.get("/search/suggestions/", {"q": "mu"}).content.decode()

    assert html.count('href="/product/') == 6
    assert 'href="/search/?q=mu"' in html
    assert "<html" not in html


@pytest.mark.parametrize("q", ["", "xyzzy", "-" * 40])
def test_where_nothing_fits_nothing_is_suggested(client, q):
    index("product", 1)

    assert client.get("/search/suggestions/", {"q": q}).content.strip() == b""


@pytest.mark.parametrize(
    ("q", "words"), [("x", "Enter at least three characters."), ("xyzzy", "Nothing found for “xyzzy”.")]
)
def test_one_letter_is_not_yet_nothing_found(client, q, words):
    index("product", 1)

    html = client.get("/search/", {"q": q}).content.decode()

    assert words in html
    assert ("Nothing found</h2>" in html) is (q == "xyzzy")


def test_results_that_are_only_like_the_words_say_so(client):
    index("product", 2)

    assert "Nothing has exactly these words. 2 similar results." in client.get("/search/?q=mugg").content.decode()
