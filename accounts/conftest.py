"""Visitors."""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from core.composition import panels


@pytest.fixture
def client_of() -> Callable[[], Client]:
    """A new browser each time it is called."""
    return Client


@pytest.fixture(autouse=True)
def without_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of people are tested by themselves; what other apps put on them is tested there."""
    monkeypatch.setattr(panels, "_makers", defaultdict(list))


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Runs something in many threads that start together; gives what each gave."""

    def run(act: Callable[[int], Any], many: int = 4) -> list[Any]:
        start = Barrier(many)

        def one(n: int) -> Any:
            try:
                start.wait(10)
                return act(n)
            finally:
                connection.close()

        with ThreadPoolExecutor(many) as pool:
            return list(pool.map(one, range(many)))

    return run
