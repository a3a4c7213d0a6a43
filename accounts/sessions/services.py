"""Record sign-ins on devices, and end sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, When
from django.utils import timezone

from accounts.sessions import client_sessions, tokens
from accounts.sessions.models import ClientSession, Device
from accounts.users.models import User
from core.context import Actor
from core.errors import NotFound
from core.events import services as events

DEVICE_RETENTION = timedelta(days=400)
UPDATED_FIELDS = ("session_key", "last_seen_at", "browser", "network", "app_session", "refresh_id", "refreshed_at")


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """Digest of the cookie, name of the browser, and network."""

    mark: str
    browser: str
    network: str


@transaction.atomic
def record_sign_in(*, user: User, seen: DeviceInfo, session_key: str, by: Actor, now: datetime | None = None) -> Device:
    """Record a sign-in on a device; an earlier session there ends, with an app's tokens.

    Two or three queries, and one more where clients were signed in to. Records user.signed_in_on_new_device, except for
    the first device.
    """
    now = now or timezone.now()
    mine = Case(When(mark=seen.mark, then=0), default=1)
    at_clients = Exists(ClientSession.objects.filter(device=OuterRef("pk"), state=ClientSession.State.OPEN))
    nearest = Device.objects.filter(user=user).annotate(at_clients=at_clients).order_by(mine).first()
    known = nearest if nearest and nearest.mark == seen.mark else None
    device = known or Device(user=user, mark=seen.mark, first_seen_at=now)
    if device.session_key not in ("", session_key):
        Session.objects.filter(session_key=device.session_key).delete()
    if known and known.at_clients and known.session_key != session_key:
        client_sessions.end_client_sessions(Device.objects.filter(pk=known.pk), now=now)
    device.session_key, device.last_seen_at = session_key, now
    device.browser, device.network = seen.browser, seen.network
    device.app_session = device.refresh_id = device.refreshed_at = None
    device.pk = None
    Device.objects.bulk_create(
        [device], update_conflicts=True, unique_fields=["user", "mark"], update_fields=UPDATED_FIELDS
    )
    if nearest is not None and known is None:
        events.record("user.signed_in_on_new_device", user, by=by, now=now, device=device.public_id)
    return device


def record_activity(*, uid: str, session_key: str, now: datetime) -> None:
    """Update activity and session key of a device."""
    Device.objects.filter(uid=uid).update(session_key=session_key, last_seen_at=now)


@transaction.atomic
def record_sign_out(*, uid: str, session_key: str) -> None:
    """End the session of a device. Part of signing out, which records the event."""
    mine = Device.objects.filter(uid=uid, session_key=session_key)
    if mine.update(session_key=""):
        client_sessions.end_client_sessions(Device.objects.filter(uid=uid))


@transaction.atomic
def end_device_session(*, user_id: int, uid: UUID, by: Actor) -> None:
    """End the session of one's own device. Locks the device.

    Raises NotFound for another person's device. Records user.ended_session when there was a session.
    """
    device = Device.objects.locked().filter(user_id=user_id, uid=uid).first()
    if device is None:
        raise NotFound
    if device.session_key:
        Session.objects.filter(session_key=device.session_key).delete()
        device.session_key = ""
        device.save(update_fields=["session_key"])
        client_sessions.end_client_sessions(Device.objects.filter(pk=device.pk))
        events.record("user.ended_session", device.user, by=by, device=device.public_id)


@transaction.atomic
def end_other_sessions(*, user: User, keep: str = "") -> None:
    """End all sessions of a person except that of the device `keep` (its uid).

    Locks the person. Sessions signed for the former epoch become invalid; the remaining session is signed again. The
    caller records the event.
    """
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    theirs = Device.objects.filter(user=user)
    gone = theirs.exclude(uid=keep) if keep else theirs
    gone.exclude(session_key="").update(session_key="")
    client_sessions.end_client_sessions(gone)


@transaction.atomic
def end_access(*, user: User) -> None:
    """End all sessions and OAuth tokens after a security-related change.

    Apps need consent again. API keys stay. Locks the person.
    """
    end_other_sessions(user=user)
    tokens.end_all_tokens(user=user)


def purge_expired(*, now: datetime | None = None) -> None:
    """Delete ended sessions, of which clients are notified, and devices unused for DEVICE_RETENTION."""
    now = now or timezone.now()
    client_sessions.end_orphaned(now=now)
    client_sessions.purge_ended(now=now)
    Session.objects.filter(expire_date__lt=now).delete()
    Device.objects.filter(last_seen_at__lt=now - DEVICE_RETENTION).delete()
