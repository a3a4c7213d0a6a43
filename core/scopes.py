"""The scopes that a client of the API can be granted."""

from typing import Final

from django.conf import settings

SCOPES: Final[frozenset[str]] = settings.API_SCOPES
