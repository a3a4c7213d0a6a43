"""A part that ends by itself is started again, except PostgreSQL, whose end is told."""

import os
import signal

import pytest

from tests.crash.conftest import Agora, status_of, wait_for

pytestmark = pytest.mark.crash


@pytest.fixture
def running(agora: Agora) -> Agora:
    agora.start()
    agora.wait_until_up()
    assert wait_for(lambda: len(agora.processes("celery")) == 4, seconds=30)  # main, beat and two
    return agora


def stop(agora: Agora) -> None:
    agora.process.terminate()
    assert agora.wait_until_gone() == 0
    assert agora.processes() == []


def test_a_killed_worker_leaves_no_scheduler_behind_and_is_replaced(running: Agora) -> None:
    before = running.processes("celery")

    os.kill(min(before), signal.SIGKILL)

    assert wait_for(lambda: not set(before) & set(running.processes("celery")), seconds=10)
    assert wait_for(lambda: len(running.processes("celery")) == 4, seconds=30)
    assert "The worker ended with -9. Starting it again in 1 s." in running.output()
    stop(running)


def test_a_killed_valkey_is_replaced_and_pages_go_on(running: Agora) -> None:
    [valkey] = running.processes("valkey-server")

    os.kill(valkey, signal.SIGKILL)

    assert wait_for(lambda: running.processes("valkey-server") not in ([], [valkey]), seconds=10)
    assert status_of(running.wait_until_up()) == 200
    stop(running)


def test_a_killed_web_process_is_replaced_on_the_same_port(running: Agora) -> None:
    url = running.wait_until_up()
    [web] = running.processes("uvicorn")

    os.kill(web, signal.SIGKILL)

    assert status_of(url) == 200  # the listener is ours, so the request waits for the next one
    assert running.processes("uvicorn") != [web]
    stop(running)


def test_the_end_of_postgres_is_told_and_ends_everything(running: Agora) -> None:
    [postgres] = running.processes("/postgres -D")

    os.kill(postgres, signal.SIGQUIT)

    assert running.wait_until_gone() == 1
    assert "PostgreSQL ended by itself; see" in running.output()
    assert running.processes() == []
