"""Sessions of apps. A refresh token works once; reusing one ends the session."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.authentication import queries as app_queries
from accounts.authentication.app_tokens import AppToken
from accounts.sessions.models import Device
from accounts.users.models import User
from core.context import Actor
from core.events import services as events


def begin_session(*, user: User, device_uid: str, now: datetime | None = None) -> AppToken:
    """Bind a new token to the session of a person's device. One query."""
    token = AppToken(user.uid, uuid4(), uuid4())
    theirs = Device.objects.filter(user=user, uid=device_uid)
    theirs.update(app_session=token.session, refresh_id=token.id, refreshed_at=now or timezone.now())
    return token


@transaction.atomic
def rotate_refresh_token(*, used: AppToken, began: datetime) -> AppToken | None:
    """Return the next refresh token and extend the session; None for an invalid token. Locks the device.

    A second use ends the session and records user.reused_refresh_token. `began` is the time of the request: of two
    concurrent requests, a retry, one is rejected and the session stays.
    """
    device = Device.objects.locked().filter(app_session=used.session).first()
    held = app_queries.get_app_session(used.session, used.person)
    if device is None or held is None:
        return None
    now = timezone.now()
    if device.refresh_id != used.id:
        if device.refreshed_at is not None and device.refreshed_at < began:
            _end_session(device)
            events.record("user.reused_refresh_token", held.user, by=Actor.guest(), device=device.public_id)
        return None
    device.refresh_id, device.refreshed_at, device.last_seen_at = uuid4(), now, now
    device.save(update_fields=["refresh_id", "refreshed_at", "last_seen_at"])
    until = now + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    Session.objects.filter(session_key=device.session_key).update(expire_date=until)
    return AppToken(held.user.uid, used.session, device.refresh_id)


def _end_session(device: Device) -> None:
    Session.objects.filter(session_key=device.session_key).delete()
    device.session_key, device.app_session, device.refresh_id, device.refreshed_at = "", None, None, None
    device.save(update_fields=["session_key", "app_session", "refresh_id", "refreshed_at"])
