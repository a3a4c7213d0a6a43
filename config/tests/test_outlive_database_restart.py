"""A connection that died, in the pool or in a thread's keeping, is noticed before somebody gets it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper

from config.postgresql import base
from config.postgresql.base import DatabaseWrapper as KeptConnection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pooled() -> Iterator[Callable[[bool], DatabaseWrapper]]:
    """A connection from a pool of one, with checks or without."""
    made: list[DatabaseWrapper] = []

    def make(checks: bool) -> DatabaseWrapper:
        options = {"pool": {"min_size": 1, "max_size": 1, "timeout": 5}}
        told = {**connection.settings_dict, "OPTIONS": options, "CONN_HEALTH_CHECKS": checks}
        made.append(DatabaseWrapper(told, alias="default"))
        return made[-1]

    yield make
    for wrapper in made:
        wrapper.close()
        wrapper.close_pool()


def ask(wrapper: DatabaseWrapper) -> int:
    """The server's process that answers; the connection goes back into the pool."""
    try:
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])
    finally:
        wrapper.close()


def end(pid: int) -> None:
    """As a restart ends it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert cursor.fetchone()[0]


def test_with_the_check_another_connection_answers(pooled):
    wrapper = pooled(True)
    before = ask(wrapper)
    end(before)

    assert ask(wrapper) != before


def test_without_the_check_the_next_request_would_fail(pooled):
    """The control."""
    wrapper = pooled(False)
    end(ask(wrapper))

    with pytest.raises(OperationalError):
        ask(wrapper)


@pytest.fixture
def kept() -> Iterator[KeptConnection]:
    """A thread's own connection, as gunicorn's threads keep theirs."""
    wrapper = KeptConnection({**connection.settings_dict, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True})
    yield wrapper
    wrapper.close()


def ask_again(wrapper: KeptConnection) -> int:
    """As the next request does."""
    wrapper.close_if_unusable_or_obsolete()
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_a_kept_connection_that_ended_is_seen_to_have_and_replaced(kept):
    before = ask_again(kept)
    assert ask_again(kept) == before
    end(before)

    assert ask_again(kept) != before


def test_looking_at_a_kept_connection_takes_no_query(kept, monkeypatch):
    before = ask_again(kept)
    monkeypatch.setattr(type(kept.connection), "cursor", None)

    assert kept.is_usable()
    monkeypatch.undo()
    end(before)
    assert not kept.is_usable()


def test_a_server_that_restarts_is_waited_for(kept, monkeypatch):
    tries = iter([psycopg.OperationalError("the database system is starting up")] * 2)
    connect = DatabaseWrapper.get_new_connection

    def starting(wrapper, parameters):
        for failure in tries:
            raise failure
        return connect(wrapper, parameters)

    monkeypatch.setattr(DatabaseWrapper, "get_new_connection", starting)

    assert ask_again(kept)


def test_a_server_that_stays_away_is_not_waited_for_without_end(kept, monkeypatch):
    def away(wrapper, parameters):
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(DatabaseWrapper, "get_new_connection", away)
    monkeypatch.setattr(base, "RECONNECT_SECONDS", 0.2)

    with pytest.raises(OperationalError):
        ask_again(kept)


@pytest.mark.parametrize(
    ("role", "debug", "engine", "has_pool"),
    [
        ("web", "0", "config.postgresql", False),
        ("web", "1", "django.db.backends.postgresql", True),
        ("realtime", "0", "django.db.backends.postgresql", True),
    ],
)
def test_who_serves_people_looks_before_each_request(role, debug, engine, has_pool):
    show = (
        "from config.settings import DATABASES as d; import json; d = d['default'];"
        "pool = d['OPTIONS'].get('pool', {}).get('reconnect_timeout');"
        "print(json.dumps([d['ENGINE'], d['CONN_HEALTH_CHECKS'], pool]))"
    )
    keys = {"SECRET_KEY": "x" * 50, "DATA_KEYS": "A" * 43 + "=", "DOMAIN": "shop.example", "REDIS_URL": "redis://x"}
    told = subprocess.run(
        [sys.executable, "-c", show],
        cwd=settings.BASE_DIR,
        env={**os.environ, **keys, "AGORA_ROLE": role, "DEBUG": debug, "DATABASE_URL": "postgres://agora@/agora"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(told.stdout) == [engine, True, 5 if has_pool else None]
