"""Parts of a running site that can be stopped one by one: the services of this test run, a web process, a worker."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import connection

from config.embedded import paths, postgres
from config.embedded.stack import Stack
from shop.tests.factories import BERLIN
from tests.crash.conftest import wait_for

HOST = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"


class Services:
    """PostgreSQL and Valkey of this test run; `mend` restarts what a test stopped."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def kill_valkey(self) -> None:
        self.stack.valkey.kill()
        self.stack.valkey.wait()

    def start_valkey(self) -> None:
        """Empty, since it keeps nothing."""
        self.stack.start_valkey()

    def freeze_valkey(self) -> None:
        """It takes connections and commands, and answers none."""
        self.stack.valkey.send_signal(signal.SIGSTOP)

    def thaw_valkey(self) -> None:
        self.stack.valkey.send_signal(signal.SIGCONT)

    def restart_postgres(self, *, away: float = 0) -> None:
        """Stop it as `pg_ctl restart -m fast` does, wait so many seconds, start it."""
        self.stop_postgres()
        time.sleep(away)
        self.start_postgres()

    def stop_postgres(self) -> None:
        connection.close()
        postgres.stop(self.stack.postgres)

    def start_postgres(self) -> None:
        self.stack.postgres = postgres.start(self.stack.folder, self.stack.run, durable=False)

    def mend(self) -> None:
        if self.stack.valkey.poll() is None:
            self.thaw_valkey()
        else:
            self.start_valkey()
        if self.stack.postgres.poll() is not None:
            self.start_postgres()


class Program:
    """A process on the test's database and on the run's Valkey, with a home of its own."""

    def __init__(self, folder: Path, role: str, *command: str) -> None:
        self.log = folder / f"{role}.log"
        self.command, self.folder, self.role = command, folder, role
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=settings.BASE_DIR,
                env={**os.environ, **self._environment()},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """At once, with all its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.kill()

    def said(self, words: str) -> int:
        """How often these words are in its log."""
        return self.log.read_text(errors="replace").count(words)

    def _environment(self) -> dict[str, str]:
        told = connection.settings_dict
        return {
            "AGORA_ROLE": self.role,
            "AGORA_HOME": str(self.folder),
            "DATABASE_URL": f"postgres://{told['USER']}@/{told['HOST']}/{told['NAME']}",
            "REDIS_URL": paths.valkey_url(1),
            "BROKER_URL": paths.broker_url(),
            "DB_POOL": "4",
            "WEB_CONCURRENCY": "1",
            "ALLOWED_HOSTS": HOST,
        }


class Web(Program):
    """Pages and the API, as in production, but with DEBUG."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        bind = f"{HOST}:{port}"
        super().__init__(folder, "web", "-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", bind, "config.wsgi")
        assert wait_for(self._serves, seconds=60), self.log.read_text()[-2000:]

    def _serves(self) -> bool:
        try:
            return Visitor(self.port).get("/health/live").status == 200
        except OSError:
            return False


class Worker(Program):
    """A worker with two children and its beat; `included` is a module of handlers for it alone."""

    def __init__(self, folder: Path, included: str = "") -> None:
        beat = ("-B", "-s", str(folder / "beat"))
        options = ("--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")
        more = ("--include", included) if included else ()
        super().__init__(folder, "worker", "-m", "celery", "-A", "config", "--quiet", "worker", *beat, *options, *more)


class Answer:
    """What a visitor got, and how many seconds that took."""

    def __init__(self, response: http.client.HTTPResponse, seconds: float) -> None:
        self.status, self.headers, self.seconds = response.status, response.headers, seconds
        self.text = response.read().decode()

    @property
    def location(self) -> str:
        return urlsplit(self.headers["Location"]).path


class Visitor:
    """A browser without scripts: keeps cookies, sends forms, and remembers every answer."""

    def __init__(self, port: int, session: str = "") -> None:
        self.address = (HOST, port)
        self.cookies: dict[str, str] = {"session": session} if session else {}
        self.answers: list[Answer] = []

    @property
    def slowest(self) -> float:
        return max(answer.seconds for answer in self.answers)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, object]) -> Answer:
        return self._ask("POST", path, urlencode(fields), FORM)

    def send(self, path: str, data: dict[str, object]) -> Answer:
        """As a script of the site does."""
        return self._ask("POST", path, json.dumps(data), "application/json")

    def buy(self, sku: str) -> Answer:
        """From the shelf to the paid order, as a guest; returns the order's page."""
        for path in ("/", "/shop/", "/shop/p/mug/"):
            self.get(path)
        self.post("/shop/cart/lines/", {"sku": sku, "quantity": 1})
        self.get("/shop/checkout/contact/")
        self.post("/shop/checkout/contact/", {"email": "bea@example.com"})
        self.post("/shop/checkout/delivery/", {**BERLIN, "shipping_method": "standard"})
        review = self.get(self.post("/shop/checkout/payment/", {"provider": "sandbox"}).headers["Location"])
        found = re.search(r'name="quote_hash" value="([^"]+)"', review.text)
        assert found, review.text[:500]
        placed = self.post("/shop/checkout/review/", {"quote_hash": found[1], "provider": "sandbox"})
        self.get(placed.location)
        back = self.post(placed.location, {"outcome": "pay"})
        return self.get(self.get(back.location).location)

    def _ask(self, method: str, path: str, body: str | None = None, kind: str = "") -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": kind, "Sec-Fetch-Site": "same-origin"}
            headers |= {"X-CSRFToken": self.cookies.get("csrf", "")}
        line = http.client.HTTPConnection(*self.address, timeout=60)
        started = time.monotonic()
        try:
            line.request(method, path, body, headers)
            answer = Answer(line.getresponse(), time.monotonic() - started)
        finally:
            line.close()
        for given in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: one.value for name, one in SimpleCookie(given).items()}
        self.answers.append(answer)
        return answer
