"""Valkey is killed, hangs, comes back: people go on, nothing that was confirmed is lost, all recovers by itself."""

import time
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core import circuit_breaker
from core.events.models import Event, EventDelivery
from shop.cart.models import CartLine
from shop.orders.models import Order
from shop.tests.factories import shop_ready
from shop.tests.pages import product_with
from tests.crash.conftest import wait_for
from tests.crash.parts import Services, Visitor, Web, Worker

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

MUG = "MUG-CELADON"
LEFT_ALONE = "redis_left_alone"
# Far more than a page takes on a busy machine, far less than asking a Redis in vain on each question.
PATIENCE = 5.0


@pytest.fixture
def mug() -> None:
    shop_ready()
    product_with("mug", celadon=1000)


@pytest.fixture
def web(tmp_path: Path, free_port: int):
    web = Web(tmp_path, free_port)
    yield web
    web.stop()


@pytest.fixture
def worker(tmp_path: Path):
    worker = Worker(tmp_path)
    yield worker
    worker.stop()


def fine(visitor: Visitor) -> bool:
    return all(answer.status < 400 for answer in visitor.answers)


def told() -> bool:
    """Every event reached every handler."""
    return not (
        Event.objects.undispatched().exists() or EventDelivery.objects.exclude(state=EventDelivery.State.DONE).exists()
    )


def mails(folder: Path) -> list[str]:
    return [path.read_text(errors="replace") for path in (folder / "mail").rglob("*.eml")]


def test_the_shop_sells_while_valkey_is_away_and_mails_follow_when_it_is_back(
    services: Services, mug: None, web: Web, worker: Worker, tmp_path: Path
):
    assert "Thank you" in Visitor(web.port).buy(MUG).text
    assert wait_for(told, seconds=30)
    services.kill_valkey()

    visitor = Visitor(web.port)
    page = visitor.buy(MUG)
    assert wait_for(lambda: worker.said("queue_unreachable"), seconds=30)
    # Nobody has carried anything out meanwhile, and nothing is forgotten.
    assert "Thank you" in page.text
    assert fine(visitor)
    assert visitor.slowest < PATIENCE
    assert not told()
    services.start_valkey()

    assert wait_for(told, seconds=20)
    assert Order.objects.filter(status="paid").count() == 2
    assert sum("bea@example.com" in mail for mail in mails(tmp_path)) == 2


def test_a_valkey_that_hangs_costs_one_time_out_every_few_seconds(services: Services, mug: None, web: Web):
    services.freeze_valkey()
    started = time.monotonic()

    visitor = Visitor(web.port)
    page = visitor.buy(MUG)
    took = time.monotonic() - started

    assert "Thank you" in page.text
    assert fine(visitor)
    assert visitor.slowest < PATIENCE
    assert 1 <= web.said(LEFT_ALONE) <= 1 + took // circuit_breaker.PAUSE_SECONDS
    services.thaw_valkey()

    # It is asked again by itself, and then counts again.
    assert wait_for(lambda: ";r=120;" not in visitor.get("/api/v1/products/").headers["RateLimit"], seconds=30)


def test_a_restart_under_load_is_not_noticed(services: Services, mug: None, web: Web):
    visitor = Visitor(web.port)
    for turn in range(60):
        if turn % 20 == 10:
            services.kill_valkey()
            services.start_valkey()
        visitor.get("/api/v1/products/")
        visitor.post("/shop/cart/lines/", {"sku": MUG, "quantity": 1})

    assert fine(visitor)
    assert visitor.slowest < PATIENCE
    assert CartLine.objects.get().quantity == 60


def test_signing_in_is_shut_while_it_is_away_and_open_when_it_is_back(services: Services, web: Web):
    # The processes of a real site do not take the quick hashes of tests.
    password = PBKDF2PasswordHasher().encode("clay-and-fire", "salt", iterations=1000)
    User.objects.filter(pk=UserFactory(email="ada@example.com").pk).update(password=password)
    visitor = Visitor(web.port)
    visitor.get("/account/login/")
    right = {"login": "ada@example.com", "password": "clay-and-fire"}
    services.kill_valkey()

    refused = visitor.post("/account/login/", right)
    services.start_valkey()
    time.sleep(circuit_breaker.PAUSE_SECONDS + 0.2)
    visitor.get("/account/login/")
    opened = visitor.post("/account/login/", right)

    assert refused.status >= 500
    assert "session" not in refused.headers.get("Set-Cookie", "")
    assert opened.status == 302
