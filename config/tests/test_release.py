"""`manage.py release`: one at a time, in a hurry to give way, and done when there is nothing to do."""

import threading
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from psycopg.errors import LockNotAvailable

from config import release

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other():
    """Another session on the same database."""
    told = connection.get_connection_params()
    kept = {name: told[name] for name in ("host", "port", "user", "dbname") if told.get(name)}
    with psycopg.connect(**kept, autocommit=True) as session:
        yield session


def test_nothing_to_do_is_done_and_the_lock_given_back(other, capsys):
    call_command("release")

    assert "No migrations to apply." in capsys.readouterr().out
    assert other.execute("SELECT pg_try_advisory_lock(%s)", [release.LOCK_KEY]).fetchone() == (True,)


def test_a_second_release_waits_for_the_first(other, capsys):
    other.execute("SELECT pg_advisory_lock(%s)", [release.LOCK_KEY])
    said = []

    def say(text):
        said.append(text)
        threading.Timer(0.4, lambda: other.execute("SELECT pg_advisory_unlock(%s)", [release.LOCK_KEY])).start()

    release.release(patience=10, say=say)

    assert said == ["Another release is at work. Waiting for it."]
    assert "No migrations to apply." in capsys.readouterr().out


def test_a_release_that_never_gets_its_turn_fails_and_migrates_nothing(other, monkeypatch):
    other.execute("SELECT pg_advisory_lock(%s)", [release.LOCK_KEY])
    monkeypatch.setattr(release, "call_command", lambda *names, **options: pytest.fail("migrated without the lock"))

    with pytest.raises(CommandError, match="Another release is still at work"):
        call_command("release", patience=0, stdout=StringIO())


def test_a_database_that_is_not_there_is_waited_for(monkeypatch):
    refusals = [OperationalError("starting up"), OperationalError("starting up")]

    def ensure_connection():
        if refusals:
            raise refusals.pop()

    monkeypatch.setattr(connections["default"], "ensure_connection", ensure_connection)
    monkeypatch.setattr(release.time, "sleep", lambda seconds: None)
    said = []

    release._wait_for_database(5, said.append)

    assert said == ["Waiting for the database."] * 2


def test_a_database_that_never_comes_is_an_error_in_words(monkeypatch):
    def refuse():
        raise OperationalError("no such host")

    monkeypatch.setattr(connections["default"], "ensure_connection", refuse)

    with pytest.raises(release.ReleaseFailed, match="does not answer: no such host"):
        release._wait_for_database(0, lambda text: None)


def test_a_migration_does_not_queue_behind_a_table_in_use_and_is_tried_again(monkeypatch):
    tries, said = [], []

    def migrate(*names, **options):
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            tries.append(cursor.fetchone()[0])
        if len(tries) == 1:
            raise OperationalError("canceling statement due to lock timeout") from LockNotAvailable()

    monkeypatch.setattr(release, "call_command", migrate)
    monkeypatch.setattr(release.time, "sleep", lambda seconds: None)

    release.release(patience=1, say=said.append)

    assert tries == ["5s", "5s"]
    assert said == ["A table is held by others (1 of 5 tries). Trying again."]


def test_another_failure_is_not_tried_again(monkeypatch):
    tries = []

    def migrate(*names, **options):
        tries.append(names)
        raise OperationalError("disk full")

    monkeypatch.setattr(release, "call_command", migrate)

    with pytest.raises(release.ReleaseFailed, match="disk full"):
        release.release(patience=1, say=lambda text: None)
    assert len(tries) == 1


def test_a_release_renders_texts_again_after_its_migrations(monkeypatch, capsys):
    steps = []
    monkeypatch.setattr(release, "call_command", lambda *names, **options: steps.append("migrate"))
    monkeypatch.setattr(release.writing, "rerender_all_posts", lambda: steps.append("posts") or 2)
    monkeypatch.setattr(release.rerendering, "rerender_all_messages", lambda: steps.append("messages") or 3)

    call_command("release")

    assert steps == ["migrate", "posts", "messages"]
    said = capsys.readouterr().out
    assert "Posts rendered again: 2" in said
    assert "Messages rendered again: 3" in said
