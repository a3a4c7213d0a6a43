"""However Agora is stopped, nothing of it stays."""

import os
import pty
import signal
import socket
import subprocess
import sys

import pytest

from config.embedded.paths import BASE_DIR
from tests.crash.conftest import Agora, status_of, wait_for


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.crash),
        pytest.param(signal.SIGHUP, marks=pytest.mark.crash),
    ],
)
def test_a_stop_signal_ends_every_process_in_order(agora: Agora, number: signal.Signals) -> None:
    agora.start()
    assert status_of(agora.wait_until_up()) == 200

    agora.process.send_signal(number)

    assert agora.wait_until_gone() == 0
    assert agora.processes() == []
    assert "Traceback" not in agora.output()


def test_a_killed_supervisor_takes_everything_along_and_the_next_start_recovers(agora: Agora) -> None:
    agora.start()
    agora.wait_until_up()

    agora.process.kill()

    agora.wait_until_gone()
    assert wait_for(lambda: not agora.processes(), seconds=15), agora.processes()

    agora.start()
    assert status_of(agora.wait_until_up()) == 200
    agora.process.terminate()
    assert agora.wait_until_gone() == 0


def test_a_second_start_is_refused_and_names_the_first(agora: Agora) -> None:
    agora.start()
    url = agora.wait_until_up()

    second = subprocess.run(
        [sys.executable, "manage.py", "up"],
        check=False,
        cwd=BASE_DIR,
        env=agora.environment(),
        capture_output=True,
        text=True,
    )

    assert second.returncode == 1
    assert f"Agora already runs from this checkout: {url} (pid {agora.process.pid})." in second.stderr
    assert status_of(url) == 200
    agora.process.send_signal(signal.SIGINT)
    agora.process.send_signal(signal.SIGINT)  # impatience changes nothing
    assert agora.wait_until_gone() == 0
    assert agora.processes() == []


def test_a_port_that_was_asked_for_and_is_taken_is_refused_before_anything_starts(agora: Agora) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        agora.start(PORT=str(port))

        assert agora.wait_until_gone() == 1
    assert f"Port {port} is taken. Choose another: make run PORT=9000" in agora.output()
    assert "PostgreSQL" not in agora.output()
    assert agora.processes() == []


@pytest.mark.crash
def test_a_closed_terminal_ends_every_process_although_its_shell_ignores_the_hang_up(agora: Agora) -> None:
    supervisor, terminal = pty.fork()
    if supervisor == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as if make led the session and swallowed it
        os.chdir(BASE_DIR)
        os.execve(sys.executable, [sys.executable, "manage.py", "up", "--no-demo"], agora.environment())
    said = b""
    while b"Ctrl-C stops it" not in said:
        said += os.read(terminal, 4096)

    os.close(terminal)

    assert wait_for(lambda: os.waitpid(supervisor, os.WNOHANG)[0], seconds=30)
    assert agora.processes() == []


@pytest.mark.crash
def test_a_killed_make_takes_everything_along(agora: Agora) -> None:
    make = subprocess.Popen(
        ["sh", "-c", f"{sys.executable} manage.py up --no-demo; true"],  # stays the parent, as make does
        cwd=BASE_DIR,
        env=agora.environment(MAKELEVEL="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    for line in make.stdout:
        if b"Ctrl-C stops it" in line:
            break

    make.kill()

    make.communicate()
    assert wait_for(lambda: not agora.processes(), seconds=30), agora.processes()
