"""Fixtures every test may ask for."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from core import testing


@pytest.fixture(autouse=True)
def clean_surroundings(request: pytest.FixtureRequest, settings: Any, tmp_path: Any) -> Iterator[None]:
    """Each test has its own media folder; mail stays in memory; limits and cache start empty where a test uses them."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    yield
    if request.node.get_closest_marker("django_db"):
        cache.clear()


@pytest.fixture
def deliver_events() -> Any:
    return testing.deliver_events


@pytest.fixture
def customer(db: None) -> Any:
    return _person("customer@example.com", "Clara Customer")


@pytest.fixture
def stranger(db: None) -> Any:
    """A signed-up person who has nothing to do with what the test is about."""
    return _person("stranger@example.com", "Sam Stranger")


@pytest.fixture
def author(db: None) -> Any:
    return _person("author@example.com", "Ada Author", role="author")


@pytest.fixture
def manager(db: None) -> Any:
    return _person("manager@example.com", "Max Manager", role="shop-manager")


@pytest.fixture
def agent(db: None) -> Any:
    return _person("agent@example.com", "Ana Agent", role="support-agent")


@pytest.fixture
def staff(db: None) -> Any:
    from accounts.models import User

    return User.objects.create_superuser("staff@example.com", "clay-and-fire", name="Stella Staff")


@pytest.fixture
def api() -> APIClient:
    return APIClient()


def _person(email: str, name: str, role: str = "") -> Any:
    from accounts.models import Role, User

    user = User.objects.create_user(email, "clay-and-fire", name=name, is_staff=bool(role))
    if role:
        user.groups.add(Role.objects.get(slug=role).group)
    return user
