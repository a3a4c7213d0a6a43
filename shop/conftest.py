"""What tests of the shop share."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.testing import JustSignedIn
from shop.audit import queries as audit
from shop.payments import providers
from shop.tests.fakes import FlakySandbox


class ApiJustSignedIn(JustSignedIn, APIClient):
    """A browser's script, the same way."""


@pytest.fixture(autouse=True)
def no_hold_limits(settings: Any) -> None:
    """Tests make many unpaid orders of one guest; the limits are the matter of test_hold_limits."""
    settings.GUEST_HOLD_ORDERS = settings.GUEST_HOLD_PIECES = settings.GUEST_TRANSFER_PIECES = 0
    settings.NETWORK_HOLD_ORDERS = settings.NETWORK_HOLD_PIECES = 0
    settings.GUEST_HOLD_VALUE = settings.GUEST_TRANSFER_VALUE = {}


@pytest.fixture
def client() -> JustSignedIn:
    """Whoever is signed in said just now who they are; others are met in test_recent_authentication."""
    return JustSignedIn()


@pytest.fixture
def api() -> APIClient:
    return ApiJustSignedIn()


@pytest.fixture
def desk(client: JustSignedIn, manager: Any) -> JustSignedIn:
    """The browser of a manager."""
    client.force_login(manager)
    return client


@pytest.fixture
def sums_hold(db: None) -> Iterator[None]:
    """After the test every sum of the shop still holds: stock, orders, money."""
    yield
    assert audit.find_drift() == []


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> FlakySandbox:
    """The sandbox, with faults the test switches on."""
    fake = FlakySandbox()
    monkeypatch.setitem(providers._providers, "sandbox", fake)
    return fake
