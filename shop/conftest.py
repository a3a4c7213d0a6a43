"""Shared fixtures of the shop's tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.testing import JustSignedIn
from shop.audit import queries as audit
from shop.payments import providers
from shop.tests.fakes import FlakySandbox


class ApiJustSignedIn(JustSignedIn, APIClient):
    """An API client whose user has just signed in."""


@pytest.fixture(autouse=True)
def no_hold_limits(settings: Any) -> None:
    """Switch off the limits for unpaid orders, which test_hold_limits covers."""
    settings.GUEST_HOLD_ORDERS = settings.GUEST_HOLD_PIECES = settings.GUEST_TRANSFER_PIECES = 0
    settings.NETWORK_HOLD_ORDERS = settings.NETWORK_HOLD_PIECES = 0
    settings.GUEST_HOLD_VALUE = settings.GUEST_TRANSFER_VALUE = {}


@pytest.fixture
def client() -> JustSignedIn:
    """A client whose user has just signed in. test_recent_authentication covers older sessions."""
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
    """Check after the test that all sums of the shop match."""
    yield
    assert audit.find_drift() == []


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> FlakySandbox:
    """The sandbox provider with faults that the test switches on."""
    fake = FlakySandbox()
    monkeypatch.setitem(providers._providers, "sandbox", fake)
    return fake
