"""The whole of Agora, as `make run` starts it, with the demo studio, in a folder of its own; and Chromium to use it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --hide-scrollbars --force-color-profile=srgb --font-render-hinting=none"
).split()
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
START_SECONDS = 240


class Site:
    """A running Agora: its address, and the power to kill and restart its web process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = home / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "DEBUG": "1", "AGORA_HOME": str(self.home), "PORT": str(self.port)}
        for name in ("AGORA_ROLE", "AGORA_STACK", "DATABASE_URL", "REDIS_URL", "PYTEST_XDIST_WORKER", "MAKELEVEL"):
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

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)

    def restart(self) -> None:
        self.stop()
        self.log.unlink(missing_ok=True)
        self.start()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    running = Site(tmp_path_factory.mktemp("agora"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


class Visitor:
    """A person at a browser. Whatever the console says against a page is kept, and ends the test."""

    def __init__(self, browser: Browser, site: Site, *, size: str = "desktop", **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(base_url=site.url, **SIZES[size], **options)
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self._hear("error", str(error)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {text}")

    def sign_in(self, email: str, password: str = "clay-and-fire", then: str = "/account/") -> None:
        self.page.goto(f"/account/login/?next={then}")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name=re.compile("^Sign in")).click()
        self.page.wait_for_url(f"**{then}")


@pytest.fixture
def visitors(browser: Browser, site: Site) -> Iterator[Any]:
    """Makes visitors: `visitors(size="phone", java_script_enabled=False)`. At the end none may have complaints."""
    made: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        made.append(Visitor(browser, site, **options))
        return made[-1]

    yield make
    complaints = [complaint for visitor in made for complaint in visitor.complaints]
    for visitor in made:
        visitor.context.close()
    assert complaints == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(log: Path, words: str, process: subprocess.Popen[bytes]) -> None:
    import time

    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        written = log.read_text(errors="replace")
        if words in written:
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"Agora did not start:\n{log.read_text(errors='replace')[-4000:]}")
