"""Somebody, and the phone in their hand."""

import pytest

from accounts.headless.tests.fake_app_client import FakeAppClient
from accounts.tests.factories import UserFactory
from accounts.users.models import User


@pytest.fixture
def user(db: None) -> User:
    return UserFactory(email="nora@example.com")


@pytest.fixture
def phone(user: User) -> FakeAppClient:
    """Signed in just now."""
    phone = FakeAppClient()
    assert phone.sign_in(user).status_code == 200
    return phone
