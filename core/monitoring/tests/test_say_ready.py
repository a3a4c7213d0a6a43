"""Whether a process lives, and whether it can serve."""

import os

import pytest

from core import draining
from core.monitoring import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    monkeypatch.setattr(health, "_seen_migrated", False)
    yield
    draining.cancel()


@pytest.fixture
def waiting(monkeypatch):
    """The migrations that are not applied yet; a test may take them away."""
    waiting = [("core", False)]
    monkeypatch.setattr("core.monitoring.health.MigrationExecutor.migration_plan", lambda self, targets: list(waiting))
    return waiting


def test_alive_and_ready(client):
    assert client.get("/health/live").json() == {"status": "ok"}

    ready = client.get("/health/ready")

    assert ready.status_code == 200
    assert ready.json()["checks"] == {"database": "ok", "migrations": "ok", "cache": "ok"}


def test_not_ready_while_a_migration_waits_and_ready_once_it_is_applied(client, waiting):
    before = client.get("/health/ready")
    waiting.clear()
    after = client.get("/health/ready")

    assert (before.status_code, before.json()["checks"]["migrations"]) == (503, "waiting")
    assert (after.status_code, after.json()["checks"]["migrations"]) == (200, "ok")


def test_migrations_are_read_until_they_are_all_there_and_never_again(client, django_assert_num_queries):
    client.get("/health/ready")

    with django_assert_num_queries(3):  # is it there, oldest event, dead deliveries
        client.get("/health/ready")


def test_a_process_about_to_stop_is_alive_but_takes_nothing_new(client):
    draining.begin()

    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    closed = client.get("/health/open")
    assert (closed.status_code, closed.json()) == (503, {"status": "stopping"})


def test_the_proxy_sends_nothing_before_the_migrations_are_there(client, waiting):
    before = client.get("/health/open")
    waiting.clear()
    after = client.get("/health/open")

    assert (before.status_code, before.json()) == (503, {"status": "waiting"})
    assert (after.status_code, after.json()) == (200, {"status": "ok"})


def test_a_no_is_an_answer_and_no_error_in_the_log(client, caplog):
    draining.begin()

    client.get("/health/open")
    client.get("/health/ready")

    assert [record for record in caplog.records if record.name == "django.request"] == []


def test_a_database_that_goes_away_leaves_the_door_open(client, monkeypatch, django_assert_num_queries):
    client.get("/health/open")
    monkeypatch.setattr(health, "_database", lambda: "unreachable")

    assert client.get("/health/ready").status_code == 503
    with django_assert_num_queries(0):
        assert client.get("/health/open").status_code == 200


def test_what_the_parent_says_its_forks_know():
    heard, told = os.pipe()
    go_on, wait = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(go_on, 1)
        os.write(told, b"1" if draining.begun() else b"0")
        os._exit(0)

    draining.begin()
    os.write(wait, b".")

    assert os.read(heard, 1) == b"1"
    os.waitpid(child, 0)
    for number in (heard, told, go_on, wait):
        os.close(number)
