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

_started: list[tuple[Lock, Stack]] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Name the services before the settings ask where they are."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["AGORA_ROLE"] = "test"
        os.environ.setdefault("DEBUG", "1")
        _started.append((_take_slot(), Stack(durable=False)))
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Start them, unless no test will run."""
    if not config.option.collectonly:
        for _, stack in _started:
            try:
                stack.start()
            except ServiceError as error:
                raise pytest.UsageError(str(error)) from error


def pytest_unconfigure() -> None:
    """Stop them; a controller that is killed takes them along."""
    while _started:
        lock, stack = _started.pop()
        stack.stop()
        lock.release()


@pytest.fixture(scope="session", autouse=True)
def flush_by_delete() -> Iterator[None]:
    """Empty the tables after a transactional test by DELETE: truncating is a hundred times slower for empty tables.

    As superuser of our own server we may switch off triggers and foreign keys meanwhile. Sequences go on, except
    for tests that ask for fresh ones.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    truncate = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, *, reset_sequences: bool = False, **options: Any) -> list[str]:
        if reset_sequences or not tables:
            return truncate(self, style, tables, reset_sequences=reset_sequences, **options)
        deletes = [f"DELETE FROM {self.quote_name(table)}" for table in tables]
        return ["SET LOCAL session_replication_role = replica", *deletes]

    with pytest.MonkeyPatch.context() as patch:
        if paths.needs_postgres():
            patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


def _take_slot() -> Lock:
    for slot in count():
        os.environ["AGORA_STACK"] = f"test{slot}"
        lock = Lock(lock_path())
        if lock.acquire():
            lock.sign("a test run")
            return lock
        lock.release()
    raise AssertionError  # count() has no end
