"""A person's own account, for programs."""

from typing import Any

from accounts.api import schemes  # noqa: F401  the schema finds them once they are imported
from accounts.api.keys import ApiKeyViewSet
from accounts.api.me import MeViewSet

routes: list[tuple[str, Any, str]] = [
    ("", MeViewSet, "account"),
    ("me/api_keys", ApiKeyViewSet, "api-key"),
]
