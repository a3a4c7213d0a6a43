"""A production site whose PostgreSQL is stopped: what people, programs and probes are told, and that it comes back."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from accounts.api_keys import services as api_keys
from accounts.tests.factories import UserFactory
from config.embedded import paths
from core.context import Actor
from shop.cart.models import CartLine
from shop.tests.factories import shop_ready
from shop.tests.pages import product_with
from tests.crash.conftest import wait_for
from tests.crash.parts import FORM, Answer, Services
from tests.crash.production import HOST, ROOT, Served
from tests.crash.test_chat_survives_kill import session_of

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

PAGE, MINE, LIST = "/shop/p/mug/", "/account/profile/", "/api/v1/products/"
# A request waits five seconds for a connection; the rest is for a busy machine.
PATIENCE = 12.0
# As many as the process has, so that nobody waits for another.
THREADS = 4


def production(folder: Path, static: Path) -> dict[str, str]:
    """The settings of a real site, with the keys and the queue of this run."""
    return {
        "DEBUG": "0",
        "AGORA_HOME": str(folder),
        "DOMAIN": HOST,
        "SECRET_KEY": settings.SECRET_KEY,
        "DATA_KEYS": ",".join(settings.DATA_KEYS),
        "DATABASE_URL": "postgres://nobody@localhost/none",
        "REDIS_URL": paths.valkey_url(1),
        "BROKER_URL": paths.broker_url(),
        "STATIC_ROOT": str(static),
        "WEB_CONCURRENCY": "1",
    }


class Site(Served):
    """One web process with DEBUG off and the collected files, behind somebody who says that it was asked by https."""

    def __init__(self, folder: Path, static: Path) -> None:
        super().__init__("web", folder, **production(folder, static))
        self.wait_until_open()

    def ask(self, path: str, *, method: str = "GET", fields: dict[str, object] | None = None, **headers: str) -> Answer:
        given = {"X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin", **headers}
        if fields is not None:
            given["Content-Type"] = FORM
        line = http.client.HTTPConnection(HOST, self.port, timeout=60)
        started = time.monotonic()
        try:
            line.request(method, path, urlencode(fields or {}), given)
            return Answer(line.getresponse(), time.monotonic() - started)
        finally:
            line.close()

    def is_well(self) -> bool:
        """What the container's own check says of it."""
        told = {"AGORA_ROLE": "web", "PORT": str(self.port), "DOMAIN": HOST}
        check = subprocess.run([sys.executable, "deploy/healthcheck.py"], cwd=ROOT, env=told, check=False)
        return check.returncode == 0


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as `release` collects them: slow, as it compresses them too."""
    folder = tmp_path_factory.mktemp("static")
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    command += ["--ignore", "drf_spectacular_sidecar", "--ignore", "admin"]  # no page here shows them
    environment = {**os.environ, **production(folder, folder), "AGORA_ROLE": "release"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return folder


@pytest.fixture
def site(tmp_path: Path, static: Path) -> Iterator[Site]:
    shop_ready()
    product_with("mug", celadon=10)
    site = Site(tmp_path, static)
    yield site
    site.stop()


def test_everyone_is_told_to_come_back_and_nobody_has_to_help(services: Services, site: Site):
    user = UserFactory()
    mine = {"Cookie": f"__Host-session={session_of(user)}"}
    token = api_keys.add_key(user_id=user.pk, name="mine", scopes=["shop:read"], by=Actor.person(user)).token
    before = site.ask(MINE, **mine)
    [style] = set(re.findall(r'href="(/static/[^"]+site[^"]*\.css)"', before.text))
    assert (before.status, site.ask(PAGE).status, site.ask(LIST).status) == (200, 200, 200)
    process = site.process.pid

    services.stop_postgres()
    with ThreadPoolExecutor(THREADS) as callers:
        visitor = callers.submit(site.ask, f"{PAGE}?late")
        signed_in = callers.submit(site.ask, MINE, **mine)
        buyer = callers.submit(site.ask, "/shop/cart/lines/", method="POST", fields={"sku": "MUG-CELADON"})
        reader = callers.submit(site.ask, LIST)
        program = callers.submit(site.ask, LIST, Authorization=f"Bearer {token}")
        probes = {name: callers.submit(site.ask, f"/health/{name}") for name in ("live", "open", "ready")}
    well_meanwhile, file, robots = site.is_well(), site.ask(style), site.ask("/robots.txt")
    services.start_postgres()

    # People get a page that stands alone and tells nothing of the inside.
    for answer in (visitor.result(), signed_in.result(), buyer.result()):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.seconds < PATIENCE
        assert "Part of this site is temporarily unavailable." in answer.text
        assert answer.headers["X-Request-ID"] in answer.text
        assert not re.search("psycopg|OperationalError|Traceback|/static/", answer.text)
        assert "Set-Cookie" not in answer.headers
    # A program is not told that its key is wrong, or that there are no products.
    for answer in (reader.result(), program.result()):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.text)["code"] == "unavailable"
    # The process lives and stays behind the proxy; only who asks whether it can serve hears no.
    assert {name: probe.result().status for name, probe in probes.items()} == {"live": 200, "open": 200, "ready": 503}
    assert json.loads(probes["ready"].result().text)["checks"]["database"] == "unreachable"
    assert not well_meanwhile
    assert (file.status, robots.status) == (200, 200)

    assert wait_for(lambda: site.ask(f"{PAGE}?back").status == 200, seconds=15)
    assert (site.ask(MINE, **mine).status, site.ask(LIST).status, site.ask("/health/ready").status) == (200, 200, 200)
    assert site.is_well()
    assert site.process.pid == process
    assert site.process.poll() is None
    assert not CartLine.objects.exists()


def test_a_site_that_starts_without_its_database_stays_closed_until_that_is_there(services: Services, site: Site):
    services.stop_postgres()
    site.stop()
    site.start()
    assert wait_for(lambda: site.log.exists() and live(site), seconds=60)

    closed = site.ask("/health/open")
    services.start_postgres()

    assert (closed.status, json.loads(closed.text)) == (503, {"status": "unknown"})
    assert wait_for(lambda: site.ask("/health/open").status == 200, seconds=15)
    assert site.ask(PAGE).status == 200


def live(site: Site) -> bool:
    try:
        return site.ask("/health/live").status == 200
    except OSError:
        return False
