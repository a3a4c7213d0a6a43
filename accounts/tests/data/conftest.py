"""The people and browsers that tests of keys have, too."""

from accounts.tests.programs.conftest import browser_of, user

__all__ = ["browser_of", "user"]
