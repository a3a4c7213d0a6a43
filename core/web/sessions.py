"""Sessions in the database, begun and read with less ado."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from core.prepared_queries import PreparedQuery

KEY_LENGTH = 32
ALIVE = PreparedQuery(lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now))


class SessionStore(db.SessionStore):
    """As Django's. Its one query a request is written once, and whether a new key is free is not asked before.

    Should it be taken, `create` tries another.
    """

    def _get_session_from_db(self) -> Session | None:
        """One query; none for what cannot be a key."""
        key = self.session_key or ""
        found = ALIVE.first(key=key, now=timezone.now()) if set(key) <= set(VALID_KEY_CHARS) else None
        if found is None:
            self._session_key = None
        return found

    def _get_new_session_key(self) -> str:
        return get_random_string(KEY_LENGTH, VALID_KEY_CHARS)
