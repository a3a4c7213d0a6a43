"""Sessions at OAuth clients, so that clients can be notified when a session ends.

A row is open as long as the session is. Services that end sessions call `end_client_sessions` in their transaction;
`accounts.oauth.backchannel` sends the notifications.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone
from oauth2_provider.models import AbstractApplication, get_application_model

from accounts.sessions.models import ClientSession, Device
from accounts.users.models import User
from core.task_queue import enqueue_best_effort

State = ClientSession.State
ENDED_SESSION_RETENTION: Final = timedelta(days=30)


@transaction.atomic
def begin_client_session(*, user_id: int, device_uid: str, client: AbstractApplication) -> ClientSession | None:
    """Return the open row of a client and the session in this browser; None when that has ended. Locks the device.

    Two queries when the row exists; its sid stays the same.
    """
    device = Device.objects.locked().filter(user_id=user_id, uid=device_uid).exclude(session_key="").first()
    if device is None:
        return None  # it was ended while the person agreed
    return ClientSession.objects.get_or_create(device=device, client=client, state=State.OPEN)[0]


def end_client_sessions(devices: QuerySet[Device], *, now: datetime | None = None) -> None:
    """End the sessions of these devices, and queue notifications. One query.

    Call it in the transaction that ends the sessions and records the event.
    """
    _end(ClientSession.objects.filter(device__in=devices), now)


def end_at_client(*, user: User, client: AbstractApplication) -> None:
    """End the sessions of a person at one client, after consent was withdrawn. One query."""
    _end(ClientSession.objects.filter(device__in=Device.objects.filter(user=user), client=client), None)


@transaction.atomic
def end_orphaned(*, now: datetime | None = None) -> None:
    """End rows whose session expired or was deleted."""
    now = now or timezone.now()
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now)
    end_client_sessions(Device.objects.filter(~Exists(alive)), now=now)


def purge_ended(*, now: datetime | None = None) -> None:
    """Delete rows that ended before ENDED_SESSION_RETENTION."""
    ClientSession.objects.filter(ended_at__lt=(now or timezone.now()) - ENDED_SESSION_RETENTION).delete()


def _end(theirs: QuerySet[ClientSession], now: datetime | None) -> None:
    clients = get_application_model().objects
    is_silent = Exists(clients.filter(pk=OuterRef("client"), backchannel_logout_uri=""))
    ended = theirs.filter(state=State.OPEN).update(
        state=Case(When(is_silent, then=Value(State.SILENT)), default=Value(State.WAITING)),
        next_at=Case(When(is_silent, then=None), default=Now()),
        ended_at=now or timezone.now(),
    )
    if ended:
        transaction.on_commit(partial(enqueue_best_effort, "accounts.sweep_logouts"), robust=True)
