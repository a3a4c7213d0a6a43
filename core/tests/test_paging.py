"""Pages by key: every row once, in order, forwards and back, whatever is inserted meanwhile."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import SearchDocument
from core.paging import BadCursor, Page, keyset

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
    from core.paging import _decode

    with contextlib.suppress(BadCursor):
        _decode(text, 2)
