"""Find API keys."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from accounts.api_keys import tokens
from accounts.api_keys.models import ApiKey
from accounts.bans.queries import is_banned
from accounts.permissions.queries import permission_names_subquery, remember_permissions
from core.context import Grant
from core.prepared_queries import PreparedQuery

KEY_BY_PREFIX = PreparedQuery(
    lambda prefix, now: (
        ApiKey.objects.select_related("user__avatar")
        .annotate(held=permission_names_subquery(OuterRef("user_id")), banned=is_banned(OuterRef("user_id"), now))
        .filter(prefix=prefix)
    )
)


def get_api_keys(viewer: Grant) -> QuerySet[ApiKey]:
    """Return the viewer's keys, including ended ones; none for anonymous visitors."""
    return ApiKey.objects.none() if viewer.user is None else ApiKey.objects.filter(user=viewer.user)


def get_api_key(token: str, now: datetime | None = None) -> ApiKey | None:
    """Return the key of a token, usable or not, with its person and their permissions. One query.

    None, without a query, for malformed tokens; None for a wrong secret.
    """
    prefix = tokens.parse_prefix(token)
    if not prefix:
        return None
    now = now or timezone.now()
    key = KEY_BY_PREFIX.first(prefix=prefix, now=now)
    if key is None or not key.matches_digest(tokens.digest(token), now):
        return None
    remember_permissions(key.user, key.held)
    return key
