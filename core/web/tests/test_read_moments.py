"""Moments come out of the database as they went in, whichever way they are read."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader

from core.web.timestamps import QuickLoader

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21 12:24:44.008547+00",
        "2026-11-21 12:24:44+00",
        "2026-11-21 12:24:44.5+00",
        "0001-01-01 00:00:00+00",
        "9999-12-31 23:59:59.999999+00",
    ],
)
def test_a_moment_is_what_the_driver_would_read(text: str, monkeypatch: pytest.MonkeyPatch):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        quick = cursor.fetchone()[0]
        monkeypatch.setattr(QuickLoader, "load", BaseTzLoader.load)
        cursor.execute("SELECT %s::timestamptz", [text])
        slow = cursor.fetchone()[0]

    assert quick == slow
    assert quick.tzinfo is UTC


def test_the_quick_way_is_taken():
    with connection.cursor() as cursor:
        loader = cursor.connection.adapters.get_loader(1184, 0)

    assert loader is QuickLoader
    assert loader(1184).load(b"2026-11-21 12:24:44+00") == datetime(2026, 11, 21, 12, 24, 44, tzinfo=UTC)


def test_what_python_cannot_hold_is_refused_as_before():
    with connection.cursor() as cursor, pytest.raises(Exception, match=r"infinity|large"):
        cursor.execute("SELECT 'infinity'::timestamptz").fetchall()
