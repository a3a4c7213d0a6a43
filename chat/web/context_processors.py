"""Unread count for the header of every page."""

from functools import cache, partial
from typing import Any, cast

from django.db import DatabaseError
from django.http import HttpRequest

from chat.messages import queries
from core.web.http import PageRequest


def conversations(request: HttpRequest) -> dict[str, Any]:
    """Provide `unread_count`, the number of unread messages. At most one query, when the page uses it."""
    return {"unread_count": cache(partial(_count_unread, cast("PageRequest", request)))}


def _count_unread(request: PageRequest) -> int:
    # An error page may be rendered for a request without a grant, or because the database is unavailable.
    grant = getattr(request, "grant", None)
    if grant is None or grant.user is None:
        return 0
    try:
        return queries.count_unread(grant)
    except DatabaseError:
        return 0
