"""Fixtures every test may ask for."""

import math
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core import testing
from core.content.services import text_pages
from core.ids import uuid7
from tests import template_database


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy test databases from the migrated template, where the server is our own."""
    if template := template_database.name():
        connection.settings_dict["TEST"]["TEMPLATE"] = template


@pytest.fixture(autouse=True)
def clean_surroundings(settings: Any, tmp_path: Path) -> None:
    """Each test has a media folder, a cache and limits of its own, and asks Redis even if the test before could not.

    It begins without text pages, and without a query for them.
    """
    own = uuid7().hex
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.PRIVATE_ROOT = str(tmp_path / "private")
    settings.RATE_LIMIT_PREFIX = f"{settings.RATE_LIMIT_PREFIX}:{own}"
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": own}}
    testing.close_breakers()
    text_pages.forget_slugs(until=math.inf)


@pytest.fixture
def without_redis(settings: Any, clean_surroundings: None) -> Iterator[None]:
    """No cache, no limits, no bus, no queue: an address where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with testing.redis_at(f"127.0.0.1:{taken.getsockname()[1]}", settings):
            yield


@pytest.fixture
def silent_redis(settings: Any, clean_surroundings: None) -> Iterator[testing.SilentServer]:
    """A Redis that takes connections and never answers."""
    with testing.SilentServer() as server, testing.redis_at(server.address, settings):
        yield server


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
    from accounts.users.models import User

    return User.objects.create_superuser("staff@example.com", "clay-and-fire", name="Stella Staff")


@pytest.fixture
def api() -> APIClient:
    return APIClient()


def _person(email: str, name: str, role: str = "") -> Any:
    from accounts.permissions.models import Role
    from accounts.users.models import User

    user = User.objects.create_user(email, "clay-and-fire", name=name, is_staff=bool(role))
    if role:
        user.groups.add(Role.objects.get(slug=role).group)
    return user
