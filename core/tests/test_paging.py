"""Pages by key: every row once, in order, forwards and back, with rows inserted meanwhile."""

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cursors import decode_cursor, encode_cursor
from core.keyset_pagination import BadCursor, Page, keyset
from core.search.models import SearchDocument
from shop.tests.factories import MarketFactory

DAY = datetime(2026, 1, 1, tzinfo=UTC)
BY = ("-at", "-id")


def make(count: int, per_moment: int = 3) -> None:
    SearchDocument.objects.bulk_create(
        SearchDocument(kind="x", public_id=str(n), title=str(n), url="/", at=DAY + timedelta(hours=n // per_moment))
        for n in range(count)
    )


def page(cursor: str = "", size: int = 4) -> Page[SearchDocument]:
    return keyset(SearchDocument.objects.all(), by=BY, cursor=cursor, size=size)


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 1, 4, 5, 23])
def test_forwards_and_back_show_every_row_once_in_order(count):
    make(count)
    expected = [document.pk for document in SearchDocument.objects.order_by(*BY)]

    forward, current = [], page()
    forward += [row.pk for row in current]
    while current.next:
        current = page(current.next)
        forward += [row.pk for row in current]
    backward = [row.pk for row in current]
    while current.previous:
        current = page(current.previous)
        backward = [row.pk for row in current] + backward

    assert forward == expected
    assert backward == expected


@pytest.mark.django_db
def test_a_row_inserted_before_the_page_shifts_nothing():
    make(8)
    first = page()
    SearchDocument.objects.create(kind="x", public_id="new", title="new", url="/", at=DAY + timedelta(days=9))

    second = page(first.next)

    assert not {row.pk for row in first} & {row.pk for row in second}
    assert len(second) == 4


@pytest.mark.django_db
def test_a_page_is_one_query(django_assert_num_queries):
    make(50)
    cursor = page().next

    with django_assert_num_queries(1):
        page(cursor)


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["x", "!!!!", "W10", "WyJuIl0", "WyJuIiwgInh4IiwgMV0", "WyJuIiwgMSwgW11d", "\u2603"])
def test_a_cursor_that_is_none_is_refused(cursor):
    make(1)

    with pytest.raises(BadCursor):
        page(cursor)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_cursor(text):
    with contextlib.suppress(BadCursor):
        decode_cursor(text, order="-id")


def forged(values: object) -> str:
    """As a cursor was before it was signed."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_a_cursor_is_taken_by_lists_of_its_order_alone():
    cursor = encode_cursor(["n", 5], order="-id")

    assert decode_cursor(cursor, order="-id") == ["n", 5]
    for order in ("id", "-at,-id", "api,-id"):
        with pytest.raises(BadCursor):
            decode_cursor(cursor, order=order)


def test_a_cursor_that_was_changed_in_one_place_is_refused():
    cursor = encode_cursor(["n", 5], order="-id")

    for place, character in enumerate(cursor[:-1]):  # the last may hold bits that count for nothing
        other = "A" if character != "A" else "B"
        with pytest.raises(BadCursor):
            decode_cursor(f"{cursor[:place]}{other}{cursor[place + 1 :]}", order="-id")


def test_a_cursor_outlives_a_change_of_the_key(settings):
    cursor = encode_cursor(["n", 5], order="-id")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10

    assert decode_cursor(cursor, order="-id") == ["n", 5]
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadCursor):
        decode_cursor(cursor, order="-id")


HOSTILE = [
    *(["n", 5, float("inf")], ["n", float("nan"), 1], ["n", 10**30, 1], ["n", "0001-01-01T00:00:00+23:59", 1]),
    *(["n", "9999-12-31T23:59:59-23:59", 1], ["n", [], {}], ["n", True, None], ["p", "\0", "\ud800"], {}, 1, [[[[]]]]),
]


@pytest.mark.django_db
def test_pages_and_the_api_refuse_every_cursor_that_is_not_theirs_with_400(client, staff):
    MarketFactory()
    client.force_login(staff)
    cursors = [*map(forged, HOSTILE), "x", "é", "a" * 5000, "[" * 3000, "bz0xZTk5OQ", "cD0lMDA="]
    pages = (
        "/shop/",
        "/journal/",
        "/account/activity/",
        "/account/api-keys/",
        "/admin/core/eventorigin/",
        "/staff/queue/",
    )
    endpoints = ("posts", "products", "orders", "comments", "security_log", "me/activity", "stock_levels")

    for cursor in cursors:
        for page_ in pages:
            assert client.get(page_, {"cursor": cursor}).status_code == 400, (page_, cursor)
        for name in endpoints:
            response = client.get(f"/api/v1/{name}/", {"cursor": cursor})
            assert (response.status_code, response.json()["code"]) == (400, "bad_cursor"), (name, cursor)


@pytest.mark.django_db
def test_an_empty_cursor_is_the_first_page(client):
    MarketFactory()
    assert client.get("/shop/?cursor=").status_code == client.get("/api/v1/tags/?cursor=").status_code == 200
