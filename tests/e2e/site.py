"""A complete site with the demo, as `make run` starts it, in its own folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from playwright.sync_api import APIRequestContext

from config.embedded import paths

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240
RENDITION_SECONDS = 120
OWN = ("AGORA_ROLE", "AGORA_STACK", "DATABASE_URL", "REDIS_URL", "PYTEST_XDIST_WORKER", "MAKELEVEL")


class Site:
    """A running site: its address, database reads, and its web process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "up.log"
        self.port = _free_port()
        self.url = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start all processes and wait until pages and their images are served. An empty folder gets the demo."""
        environment = {**os.environ, "DEBUG": "1", "AGORA_HOME": str(self.home), "PORT": str(self.port)}
        for name in OWN:
            environment.pop(name, None)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "manage.py", "up"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _wait_for(self.log, f"Agora runs at {self.url}", self.process)
        for _ in range(2 * RENDITION_SECONDS):  # the small ones never have any
            if not self.value("SELECT count(*) FROM core_picture WHERE renditions = '[]' AND width > 320"):
                break
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop all processes. SIGTERM, because shells ignore Ctrl-C for background processes."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=180)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with patch.dict(os.environ, {"AGORA_HOME": str(self.home)}):
            for name in OWN:
                os.environ.pop(name, None)
            folder = str(paths.run_dir())
        where = {"host": folder, "port": paths.POSTGRES_PORT, "user": paths.USER, "dbname": paths.DATABASE}
        with psycopg.connect(**where, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query: str, *values: Any) -> Any:
        """Return the single value of a query."""
        [[found]] = self.rows(query, *values)
        return found

    def web_pid(self) -> int:
        """The pid of the uvicorn process."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        [web] = [int(child) for child in children if b"uvicorn" in Path(f"/proc/{child}/cmdline").read_bytes()]
        return web

    def kill_web(self) -> None:
        """Kill the web process. The supervisor restarts it."""
        os.kill(self.web_pid(), signal.SIGKILL)

    def wait_for_web(self, requests: APIRequestContext) -> None:
        """Wait until pages are served again. Connections queue in the listener meanwhile."""
        assert requests.get(f"{self.url}/health/live", timeout=60_000).ok


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(log: Path, words: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and words not in log.read_text(errors="replace"):
        if process.poll() is not None:
            break
        time.sleep(0.2)
    written = log.read_text(errors="replace")
    assert words in written, f"Agora did not start:\n{written[-4000:]}"
