"""Visitors."""

from collections.abc import Callable

import pytest
from django.test import Client


@pytest.fixture
def client_of() -> Callable[[], Client]:
    """A new browser each time it is called."""
    return Client
