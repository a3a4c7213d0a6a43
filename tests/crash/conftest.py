"""A whole Agora in a folder of its own, to be stopped in every way there is."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from config.embedded.paths import BASE_DIR

NOT_PASSED_ON = {"AGORA_STACK", "AGORA_ROLE", "DATABASE_URL", "REDIS_URL", "MAKELEVEL", "PORT", "PYTEST_XDIST_WORKER"}


class Agora:
    """`manage.py up` with its own home, run as a user would."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        return {**kept, "DEBUG": "1", "AGORA_HOME": str(self.home), **more}

    def start(self, *options: str, **environment: str) -> None:
        """Start it and return at once."""
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-demo", *options],
                cwd=BASE_DIR,
                env=self.environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=default_signals,  # noqa: PLW1509  no threads here
            )

    def wait_until_up(self) -> str:
        """Wait until it says where it runs; return the address."""
        assert wait_for(lambda: "Agora runs at" in self.output() or self.ended(), seconds=120)
        found = re.search(r"Agora runs at (http://localhost:\d+)", self.output())
        assert found, self.output()
        return found[1]

    def wait_until_gone(self, seconds: float = 30) -> int:
        """Wait for its end; return its exit status."""
        assert self.process is not None
        return self.process.wait(seconds)

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def processes(self, words: str = "") -> list[int]:
        """All processes started with this home, even orphans, that have these words in their command line."""
        return [pid for pid, command in running_with(self.home) if words in command]


def running_with(home: Path) -> Iterator[tuple[int, str]]:
    """Known by their environment; the servers write their title over it, but name the home there or work in it."""
    mark = b"AGORA_HOME=" + os.fsencode(home) + b"\0"
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            ours = mark in (folder / "environ").read_bytes() + b"\0" or os.fsencode(home) in command
            if command and (ours or home in (folder / "cwd").readlink().parents):
                yield int(folder.name), os.fsdecode(command)


def default_signals() -> None:
    """A runner in the background has these ignored, and would pass that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_for(condition: Callable[[], object], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def status_of(url: str) -> int:
    with urllib.request.urlopen(f"{url}/health/live", timeout=20) as answer:
        return int(answer.status)


@pytest.fixture
def services() -> Iterator[Any]:
    """The services of this test run; what the test stops is started again."""
    from tests import services as plugin
    from tests.crash.parts import Services

    taken = Services(plugin.stack())
    yield taken
    taken.mend()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once, since what is under test begins after that."""
    return tmp_path_factory.mktemp("agora") / "home"


@pytest.fixture
def agora(prepared_home: Path) -> Iterator[Agora]:
    agora = Agora(prepared_home)
    yield agora
    for pid in agora.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if agora.process is not None:
        agora.process.wait()
