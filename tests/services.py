"""An early pytest plugin: gives every test run its own PostgreSQL and Valkey, gone when the run ends.

It is loaded by `-p tests.services`, because pytest-django reads the settings before any conftest.py. Runs side by
side take `.agora/test0`, `.agora/test1` and so on. Only the controller starts services; workers of pytest-xdist
inherit its environment and have a database and a range of numbered Valkey databases each.
"""

import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from config.embedded import paths
from config.embedded.lock import Lock
from config.embedded.process import ServiceError
from config.embedded.stack import Stack, lock_path
from tests import template_database

_started: list[tuple[Lock, Stack]] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Name the services before the settings ask where they are."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["AGORA_ROLE"] = "test"
        os.environ.setdefault("DEBUG", "1")
        try:
            _started.append((_take_slot(), Stack(durable=False)))
        except ServiceError as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Start them, unless no test will run."""
    if not config.option.collectonly:
        for _, stack in _started:
            try:
                stack.start()
                if paths.needs_postgres():
                    template_database.prepare()
            except ServiceError as error:
                raise pytest.UsageError(str(error)) from error


def pytest_unconfigure() -> None:
    """Stop them; a controller that is killed takes them along."""
    while _started:
        lock, stack = _started.pop()
        stack.stop()
        lock.release()


def stack() -> Stack:
    """The services of this run, for tests that take one of them away."""
    return _started[-1][1]


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[None]:
    """Once the test database stands, teach Django a faster way to empty it."""
    result = yield
    if fixturedef.argname == "django_db_setup" and paths.needs_postgres():
        with request.getfixturevalue("django_db_blocker").unblock():
            _flush_to_what_migrations_made()
    return result


def _flush_to_what_migrations_made() -> None:
    """Empty tables after a transactional test by DELETE, a hundred times faster than TRUNCATE for empty tables.

    What the migrations had put there, such as roles, is put back, so that every test begins alike. As superuser of
    our own server we may switch off triggers and foreign keys meanwhile. Sequences go on. The `flush` command itself
    asks for fresh sequences, and does what it always does.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    truncate = DatabaseOperations.sql_flush
    restore = list(_keep_seeds())

    def sql_flush(self: Any, style: Any, tables: Any, *, reset_sequences: bool = False, **options: Any) -> list[str]:
        if reset_sequences:
            statements: list[str] = truncate(self, style, tables, reset_sequences=True, **options)
            return statements
        delete = [f"DELETE FROM {self.quote_name(table)}" for table in tables]
        return ["; ".join(["SET LOCAL session_replication_role = replica", *delete, *restore])]

    DatabaseOperations.sql_flush = sql_flush


def _keep_seeds() -> Iterator[str]:
    """Copy the rows of a freshly migrated database into a schema of their own; yield the statements that restore."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS seed CASCADE; CREATE SCHEMA seed")
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(
                "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
                [table],
            )
            columns = cursor.fetchone()[0]
            cursor.execute(f'CREATE TABLE seed."{table}" AS SELECT {columns} FROM public."{table}"')
            if cursor.rowcount:
                yield f'INSERT INTO public."{table}" ({columns}) SELECT {columns} FROM seed."{table}"'
            else:
                cursor.execute(f'DROP TABLE seed."{table}"')


def _take_slot() -> Lock:
    for slot in count():
        os.environ["AGORA_STACK"] = f"test{slot}"
        lock = Lock(lock_path())
        if lock.acquire():
            lock.sign("a test run")
            return lock
        lock.release()
    raise AssertionError  # count() has no end
