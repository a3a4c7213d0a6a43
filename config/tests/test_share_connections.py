"""A kept connection goes to a worker that has a thread for it, not to the one that was quickest to take it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from config.embedded.paths import BASE_DIR
from config.web import MAX_UNREAD_BYTES

# Says who answers; under /wait only once the file is there.
APPLICATION = """
import os, pathlib, time

def application(environ, start_response):
    while environ["PATH_INFO"] == "/wait" and not pathlib.Path(__file__).with_name("go").exists():
        time.sleep(0.02)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


@contextmanager
def two_workers(folder: Path, kind: str, application: str = APPLICATION) -> Iterator[tuple[int, list[int]]]:
    """Two workers of one thread each: the port, and their process ids."""
    (folder / "answer.py").write_text(application)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--worker-class", kind]
        options = ["--workers", "2", "--threads", "1", "--no-control-socket", "--log-level", "error", "--preload"]
        with subprocess.Popen(
            [*command, *options, "--chdir", str(folder), "answer:application"],
            cwd=BASE_DIR,
            env={**os.environ, "PYTHONPATH": str(BASE_DIR)},
            pass_fds=[listener.fileno()],
        ) as server:
            try:
                assert wait_for(lambda: len(children(server.pid)) == 2)
                yield listener.getsockname()[1], children(server.pid)
            finally:
                for pid in (server.pid, *children(server.pid)):
                    os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for(condition: Callable[[], bool]) -> bool:
    for _ in range(2000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def ask(port: int, path: str) -> HTTPConnection:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    return connection


def answer(connection: HTTPConnection) -> int:
    return int(connection.getresponse().read())


def who_answers_second(port: int, quick: int, slow: int) -> int:
    """`quick` is at work when a second connection comes, and could take it before `slow` looks up."""
    os.kill(slow, signal.SIGSTOP)
    first = ask(port, "/wait")
    second = ask(port, "/")
    time.sleep(0.5)
    os.kill(slow, signal.SIGCONT)
    second.sock.settimeout(2)
    with closing(first), closing(second):
        return answer(second)


def test_a_connection_waits_for_the_worker_that_has_a_thread_free(tmp_path: Path) -> None:
    with two_workers(tmp_path, "config.web.Worker") as (port, [quick, slow]):
        assert who_answers_second(port, quick, slow) == slow


def test_without_that_it_waits_behind_the_one_that_is_at_work(tmp_path: Path) -> None:
    with two_workers(tmp_path, "gthread") as (port, [quick, slow]), pytest.raises(TimeoutError):
        who_answers_second(port, quick, slow)


def test_a_worker_goes_on_taking_connections_once_it_is_done(tmp_path: Path) -> None:
    with two_workers(tmp_path, "config.web.Worker") as (port, [only, other]):
        os.kill(other, signal.SIGSTOP)
        first, second = ask(port, "/wait"), ask(port, "/")
        (tmp_path / "go").touch()

        with closing(first), closing(second):
            assert [answer(first), answer(second)] == [only, only]


SENDS_NOTHING_BACK = """
def application(environ, start_response):
    start_response("404 Not Found", [("Content-Length", "0")])
    return [b""]
"""


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_a_connection_outlives_a_body_that_nobody_read(tmp_path: Path, size: int) -> None:
    """As a proxy would: what it sent was answered with the promise to keep the connection, so it uses it again."""
    with two_workers(tmp_path, "config.web.Worker", SENDS_NOTHING_BACK) as (port, _pids):
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        with closing(connection):
            statuses = []
            for body in (b"x" * size, b"small", b"y" * size, b"small"):
                connection.request("POST", "/unknown/", body)
                response = connection.getresponse()
                statuses.append((response.status, response.headers.get("Connection"), len(response.read())))

    assert statuses == [(404, "keep-alive", 0)] * 4


def test_a_body_too_large_to_drain_closes_the_connection_and_says_so(tmp_path: Path) -> None:
    with two_workers(tmp_path, "config.web.Worker", SENDS_NOTHING_BACK) as (port, _pids):
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        with closing(connection):
            connection.putrequest("POST", "/unknown/")
            connection.putheader("Content-Length", str(MAX_UNREAD_BYTES + 1))
            connection.endheaders()
            response = connection.getresponse()

    assert (response.status, response.headers["Connection"]) == (404, "close")
