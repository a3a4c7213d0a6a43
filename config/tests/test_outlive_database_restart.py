"""A connection that died in the pool is noticed before somebody gets it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper

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


@pytest.mark.parametrize("role", ["web", "realtime"])
def test_who_serves_people_checks_and_tries_anew_every_few_seconds(role):
    show = (
        "from config.settings import DATABASES as d; import json;"
        "d = d['default']; print(json.dumps([d['CONN_HEALTH_CHECKS'], d['OPTIONS']['pool']['reconnect_timeout']]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", show],
        cwd=settings.BASE_DIR,
        env={**os.environ, "AGORA_ROLE": role},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(told.stdout) == [True, 5]
