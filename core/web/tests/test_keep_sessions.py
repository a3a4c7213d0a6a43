"""Sessions: begun without asking first, read in one query that the log can tell of."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.web import sessions
from core.web.sessions import SessionStore

pytestmark = pytest.mark.django_db


def begun(**data):
    session = SessionStore()
    session.update(data)
    session.create()
    return session


def test_what_was_put_in_is_there_for_the_next_request():
    key = begun(theme="dark").session_key

    assert SessionStore(key)["theme"] == "dark"


def test_a_key_that_is_taken_is_replaced_by_another(monkeypatch):
    taken, free = begun(whose="first").session_key, "b" * 32
    offered = iter([taken, free])
    monkeypatch.setattr(sessions, "get_random_string", lambda *_: next(offered))

    second = begun(whose="second")

    assert second.session_key == free
    assert SessionStore(taken)["whose"] == "first"


def test_a_new_session_is_one_insert():
    with CaptureQueriesContext(connection) as queries:
        begun()

    assert [one["sql"].split()[0] for one in queries] == ["SAVEPOINT", "INSERT", "RELEASE"]


def test_a_session_that_is_over_or_gone_is_empty_and_loses_its_key():
    over = begun(theme="dark")
    over.set_expiry(-1)
    over.save()

    for key in (over.session_key, "c" * 32):
        found = SessionStore(key)
        assert found.load() == {}
        assert found.session_key is None


@pytest.mark.parametrize("key", ["with\0nought in it", "ÄÖÜäöüßé", "'; --______"])
def test_what_cannot_be_a_key_is_not_asked_for(key):
    with CaptureQueriesContext(connection) as queries:
        assert SessionStore(key).load() == {}

    assert len(queries) == 0


def test_the_log_of_queries_tells_also_what_was_prepared_before():
    key = begun().session_key
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            SessionStore(key).load()

    assert ["django_session" in one["sql"] for one in queries] == [True] * 3
