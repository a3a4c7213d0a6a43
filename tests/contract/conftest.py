"""One world for all that tries the API: made once for a file of tests, and after each try as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from core import rate_limits
from tests.contract import world as worlds
from tests.contract.asking import ask, faults, undone

__all__ = ["ask", "faults", "undone"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[worlds.World]:
    with django_db_blocker.unblock(), _requests_keep_the_connection(), undone():
        yield worlds.build()


@contextmanager
def _requests_keep_the_connection() -> Iterator[None]:
    """Requests are made inside a transaction here; their end must not be the connection's."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks too often."""

    def hit(rate: str, *key: str, cost: int = 1, fail_closed: bool = False) -> rate_limits.Verdict:
        return rate_limits.Verdict(allowed=True, limit=1000, window=60, remaining=999, reset_after=60)

    monkeypatch.setattr(rate_limits, "hit", hit)


@pytest.fixture
def db(world: worlds.World) -> None:
    """The world's transaction stands where each test has one of its own elsewhere."""
