"""Visitors."""

from collections import defaultdict
from collections.abc import Callable

import pytest
from django.test import Client

from core import panels


@pytest.fixture
def client_of() -> Callable[[], Client]:
    """A new browser each time it is called."""
    return Client


@pytest.fixture(autouse=True)
def without_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of people are tested by themselves; what other apps put on them is tested there."""
    monkeypatch.setattr(panels, "_makers", defaultdict(list))
