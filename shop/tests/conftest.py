"""What tests of the shop share."""

from collections.abc import Iterator

import pytest

from shop import providers
from shop.queries import audit
from shop.tests.fakes import FlakySandbox


@pytest.fixture
def sums_hold(db: None) -> Iterator[None]:
    """After the test every sum of the shop still holds: stock, orders, money."""
    yield
    assert audit.drift() == []


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> FlakySandbox:
    """The sandbox, with faults the test switches on."""
    fake = FlakySandbox()
    monkeypatch.setitem(providers._providers, "sandbox", fake)
    return fake
