"""The people and browsers that tests of keys have, too."""

from accounts.api_keys.tests.conftest import browser_of, user

__all__ = ["browser_of", "user"]
