"""What the head of every page says of conversations."""

from functools import cache, partial
from typing import Any, cast

from django.db import DatabaseError
from django.http import HttpRequest

from chat.messages import queries
from core.web.http import PageRequest


def conversations(request: HttpRequest) -> dict[str, Any]:
    """`unread_count`: messages that wait for who is signed in. At most one query, when the page shows it."""
    return {"unread_count": cache(partial(_count_unread, cast("PageRequest", request)))}


def _count_unread(request: PageRequest) -> int:
    # An error page may be drawn for a request that never came as far as its grant, or because of the database.
    grant = getattr(request, "grant", None)
    if grant is None or grant.user is None:
        return 0
    try:
        return queries.count_unread(grant)
    except DatabaseError:
        return 0
