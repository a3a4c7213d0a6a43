"""Find the session of an app's access token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.bans.queries import is_banned
from accounts.permissions.queries import permission_names_subquery, remember_permissions
from accounts.sessions.models import Device
from accounts.users.models import User
from core.prepared_queries import PreparedQuery
from core.web.sessions import SessionStore

DEVICE_BY_APP_SESSION = PreparedQuery(
    lambda session, person, now: (
        Device.objects.select_related("user__avatar")
        .annotate(
            kept=Subquery(
                Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now).values("session_data")
            ),
            held=permission_names_subquery(OuterRef("user_id")),
            banned=is_banned(OuterRef("user_id"), now),
        )
        .filter(app_session=session, user__uid=person, user__is_active=True)
        .exclude(session_key="")
    )
)


@dataclass(frozen=True, slots=True)
class AppSession:
    """The session of an app's token: person, session key and session data."""

    user: User
    key: str
    session: dict[str, Any]


def get_app_session(session: UUID, person: UUID, now: datetime | None = None) -> AppSession | None:
    """Return the session that an app's token names, with its person and their permissions; one query.

    None when it has ended.
    """
    device = DEVICE_BY_APP_SESSION.first(session=session, person=person, now=now or timezone.now())
    if device is None or device.kept is None or device.banned:
        return None
    kept, user = SessionStore().decode(device.kept), device.user
    signed = str(kept.get(HASH_SESSION_KEY, ""))
    if not any(
        constant_time_compare(signed, own)
        for own in (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    ):
        return None
    remember_permissions(user, device.held)
    return AppSession(user, device.session_key, kept)
