"""Bring the database up to this code: once per deployment, before the other processes start.

After the migrations come posts and messages whose stored HTML an older renderer made; there are none in most releases.

One release works at a time, by an advisory lock of the session. The lock is asked for again and again rather than
waited for: a waiting statement is an open transaction, for which a concurrent index of the release that holds the lock
would wait in turn, for ever. A migration gives up on a table that others hold for longer than `LOCK_TIMEOUT`, so that
nobody queues behind it, and is tried again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from blog.posts.services import writing
from chat.messages.services import rerendering

LOCK_KEY = 4_702_111_234_474_983_745
LOCK_TIMEOUT = "5s"
TRIES = 5

Say = Callable[[str], object]


class ReleaseFailed(Exception):
    """The database did not come up to this code; the text says why."""


def release(*, patience: float, say: Say) -> None:
    """Wait for the database, then for other releases, for `patience` seconds each; then migrate and render texts again.

    Does nothing where everything is applied. Raises ReleaseFailed.
    """
    _wait_for_database(patience, say)
    with _alone(patience, say):
        _migrate(say)
        if rendered := writing.rerender_all_posts():
            say(f"Posts rendered again: {rendered}")
        if rendered := rerendering.rerender_all_messages():
            say(f"Messages rendered again: {rendered}")


def _wait_for_database(patience: float, say: Say) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise ReleaseFailed(f"The database does not answer: {error}") from error
            say("Waiting for the database.")
            time.sleep(1)
        else:
            return


@contextmanager
def _alone(patience: float, say: Say) -> Iterator[None]:
    deadline = time.monotonic() + patience
    waited = False
    while not _ask("SELECT pg_try_advisory_lock(%s)"):
        if time.monotonic() > deadline:
            raise ReleaseFailed("Another release is still at work.")
        if not waited:
            say("Another release is at work. Waiting for it.")
            waited = True
        time.sleep(0.25)
    try:
        yield
    finally:
        _ask("SELECT pg_advisory_unlock(%s)")


def _ask(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [LOCK_KEY])
        return bool(cursor.fetchone()[0])


def _migrate(say: Say) -> None:
    _set_lock_timeout(LOCK_TIMEOUT)
    for attempt in range(1, TRIES + 1):
        try:
            call_command("migrate", interactive=False, verbosity=1)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable) or attempt == TRIES:
                raise ReleaseFailed(f"A migration failed: {error}") from error
            say(f"A table is held by others ({attempt} of {TRIES} tries). Trying again.")
            time.sleep(attempt)
        else:
            _set_lock_timeout("0")
            return


def _set_lock_timeout(timeout: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [timeout])
