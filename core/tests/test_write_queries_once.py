"""A queryset that is written once says the same as the one that is written each time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F

from core.prepared_queries import Param, PreparedQuery
from core.search.models import SearchDocument

DAY = datetime(2026, 1, 1, tzinfo=UTC)

SINCE = PreparedQuery(lambda kind, since: SearchDocument.objects.filter(kind=kind, at__gte=since).order_by("-at"))
CALLED = PreparedQuery(lambda ids: SearchDocument.objects.filter(public_id__any=ids).order_by("id"))


@pytest.fixture
def documents(db):
    return SearchDocument.objects.bulk_create(
        SearchDocument(kind="ab"[n % 2], public_id=str(n), title=f"{n} %", url="/", at=DAY + timedelta(days=n))
        for n in range(10)
    )


def ids(rows):
    return [row.public_id for row in rows]


@pytest.mark.parametrize("times", [1, 10])
def test_values_are_given_each_time(documents, times):
    for _ in range(times):
        assert ids(SINCE(kind="a", since=DAY + timedelta(days=3))) == ["8", "6", "4"]
        assert ids(SINCE(kind="b", since=DAY + timedelta(days=6))) == ["9", "7"]
        assert SINCE(kind="c", since=DAY) == []


def test_models_are_whole(documents):
    [found] = CALLED(ids=["4"])

    assert found == documents[4]
    assert {field.attname: getattr(found, field.attname) for field in found._meta.fields} == {
        field.attname: getattr(SearchDocument.objects.get(pk=found.pk), field.attname) for field in found._meta.fields
    }


def test_a_list_is_one_value_however_long(documents):
    assert ids(CALLED(ids=["1", "3", "5"])) == ["1", "3", "5"]
    assert CALLED(ids=[]) == []
    assert ids(SearchDocument.objects.filter(public_id__any=["2"])) == ["2"]


def test_dictionaries_and_tuples_come_as_asked(documents):
    tuples = PreparedQuery(
        lambda kind: SearchDocument.objects.filter(kind=kind).order_by("id").values_list("public_id", "url")
    )
    flat = PreparedQuery(
        lambda kind: SearchDocument.objects.filter(kind=kind).order_by("id").values_list("title", flat=True)
    )
    named = PreparedQuery(
        lambda kind: SearchDocument.objects.filter(kind=kind).values(name=F("public_id")).order_by("id")[:1]
    )

    assert tuples(kind="a")[0] == ("0", "/")
    assert flat(kind="a")[:2] == ["0 %", "2 %"]
    assert named(kind="b") == [{"name": "1"}]


def test_constants_stay_in_the_text_and_percent_signs_with_them(documents):
    ending = PreparedQuery(lambda kind: SearchDocument.objects.filter(kind=kind, title__endswith="8 %"))

    assert ids(ending(kind="a")) == ["8"]
    assert "8 " in ending._statement.sql
    assert ending._statement.slots == ["kind"]


def test_the_first_row_or_none(documents):
    assert SINCE.first(kind="a", since=DAY).public_id == "8"
    assert SINCE.first(kind="a", since=DAY + timedelta(days=99)) is None


def test_it_is_one_query_and_counts_as_one(documents, django_assert_num_queries):
    with django_assert_num_queries(2):
        CALLED(ids=["1"])
        CALLED(ids=["2"])


def test_a_slot_may_stand_where_a_value_is_built_in(documents):
    later = PreparedQuery(lambda: SearchDocument.objects.filter(at__gt=Param("moment")).order_by("id"))

    assert ids(later(moment=DAY + timedelta(days=8))) == ["9"]


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_text_and_nothing_else():
    SearchDocument.objects.create(kind="a", public_id="1", title="one", url="/", at=DAY)

    def ask(public_id):
        try:
            return [ids(CALLED(ids=[public_id])) for _ in range(20)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, ["1", "2", "1", "2"]))

    assert found == [[["1"]] * 20, [[]] * 20] * 2
