"""Rules of consent and recent authentication, for pages, the API, authorization codes and devices.

- Sensitive actions and consent to sensitive scopes need an authentication within `RECENT_WINDOW`.
- A client without approval has no staff scopes, and acts for staff as for customers.
- Sensitive scopes of an approved client end `RENEWAL_WINDOW` after that authentication, even after a refresh.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings

if TYPE_CHECKING:
    from accounts.oauth.models import Client
    from accounts.users.models import User

RECENT_WINDOW: Final = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
RENEWAL_WINDOW: Final = timedelta(hours=12)
STAFF_SCOPES: Final = frozenset({"moderation:manage", "security:read", "webhooks:manage"})
WRITE_SUFFIX: Final = ":write"


def is_recent(authenticated_at: float, now: float) -> bool:
    """Whether an authentication, in seconds since 1970, is recent enough for a sensitive action."""
    return authenticated_at + RECENT_WINDOW.total_seconds() >= now


def get_allowed_scopes(client: "Client") -> list[str]:
    """Return the registered scopes that a client may request."""
    return [scope for scope in client.scopes if client.is_approved or scope not in STAFF_SCOPES]


def get_sensitive_scopes(scopes: Iterable[str], *, user: "User", client: "Client") -> frozenset[str]:
    """Return the scopes that need a recent authentication: those that affect staff's work."""
    wanted = frozenset(scopes)
    writes = (
        {scope for scope in wanted if scope.endswith(WRITE_SUFFIX)} if user.is_staff and client.is_approved else set()
    )
    return wanted & STAFF_SCOPES | writes


def get_live_scopes(
    scopes: Iterable[str], *, user: "User | None", client: "Client", auth_time: datetime | None, now: datetime
) -> frozenset[str]:
    """Return the remaining scopes of a consent when a token is refreshed or used."""
    given = frozenset(scopes)
    if not client.is_approved:
        return given - STAFF_SCOPES
    is_fresh = auth_time is not None and auth_time + RENEWAL_WINDOW > now
    return given if is_fresh or user is None else given - get_sensitive_scopes(given, user=user, client=client)
