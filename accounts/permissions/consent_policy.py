"""The rule of consent and recent sign-in, in one place for pages, the API, authorization codes and devices.

- An act that needs a recent sign-in, and consent to a sensitive scope, need a sign-in within `RECENT`.
- A client that staff did not approve has no staff scopes, and acts for a member of staff as for any customer.
- An approved client's sensitive scopes end `RENEWABLE` after that sign-in: no refresh moves its time.
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
    """Whether a sign-in, in seconds since 1970, is recent enough for a sensitive act."""
    return authenticated_at + RECENT_WINDOW.total_seconds() >= now


def get_allowed_scopes(client: "Client") -> list[str]:
    """The scopes that a client may ask for, of those it is registered for."""
    return [scope for scope in client.scopes if client.is_approved or scope not in STAFF_SCOPES]


def get_sensitive_scopes(scopes: Iterable[str], *, user: "User", client: "Client") -> frozenset[str]:
    """The scopes to which a person consents only after a recent sign-in: those that reach staff's work."""
    wanted = frozenset(scopes)
    writes = (
        {scope for scope in wanted if scope.endswith(WRITE_SUFFIX)} if user.is_staff and client.is_approved else set()
    )
    return wanted & STAFF_SCOPES | writes


def get_live_scopes(
    scopes: Iterable[str], *, user: "User | None", client: "Client", auth_time: datetime | None, now: datetime
) -> frozenset[str]:
    """What is left of the scopes that a person once gave a client, when its token is refreshed or used."""
    given = frozenset(scopes)
    if not client.is_approved:
        return given - STAFF_SCOPES
    is_fresh = auth_time is not None and auth_time + RENEWAL_WINDOW > now
    return given if is_fresh or user is None else given - get_sensitive_scopes(given, user=user, client=client)
