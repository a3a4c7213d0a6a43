"""Notify clients that a session has ended: OpenID Connect Back-Channel Logout 1.0.

Pending notifications are rows of `ClientSession`; they are sent outside any transaction, by the transport of webhooks.
A worker claims a row by moving its `next_at` ahead, so that a crash loses nothing. Each attempt signs a new token,
valid for two minutes.
"""

import random
import time
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from jwcrypto import jwt

from accounts.oauth.services import signing_keys
from accounts.sessions.models import ClientSession
from core.webhooks import transport
from core.webhooks.transport import Answer

log = structlog.get_logger(__name__)

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_LIFETIME_SECONDS: Final = 120  # seconds, as 2.4 advises
# After each failure the next attempt waits this long, give or take a tenth: seven in nine hours.
RETRY_DELAYS: Final = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
JITTER: Final = 0.1
LEASE: Final = timedelta(minutes=2)  # longer than an attempt can take
MAX_RUN_SECONDS: Final = 20.0  # how long one task goes on before it makes room for others
State = ClientSession.State


def get_due_clients() -> list[int]:
    """Return the clients with due notifications."""
    return list(_get_due_sessions().order_by("client").values_list("client", flat=True).distinct())


def send_due(client_id: int) -> None:
    """Send the notifications of a client, oldest first, until none is due, one fails or the time is up."""
    ends = time.monotonic() + MAX_RUN_SECONDS
    while time.monotonic() < ends and (session := _claim_session(client_id)):
        if not _send_logout(session):
            return  # the next sweep tries another


def create_logout_token(session: ClientSession, *, now: datetime) -> str:
    """Return a new logout token, signed by the current key. Names the session where the client requires it."""
    key, issued = signing_keys.get_published_keys(now)[0], int(now.timestamp())
    claims = {
        "iss": settings.OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"],
        "sub": session.device.user.public_id,
        "aud": session.client.client_id,
        "iat": issued,
        "exp": issued + TOKEN_LIFETIME_SECONDS,
        "jti": str(uuid4()),
        "events": {LOGOUT_EVENT: {}},
    }
    if session.client.backchannel_logout_session_required:
        claims["sid"] = str(session.uid)
    token = jwt.JWT(header={"typ": "logout+jwt", "alg": "RS256", "kid": key.kid}, claims=claims)
    token.make_signed_token(key.jwk)
    return str(token.serialize())


def _get_due_sessions() -> QuerySet[ClientSession]:
    """Return due sessions, without those of disabled clients or clients without a logout URL."""
    waiting = ClientSession.objects.filter(state=State.WAITING, next_at__lte=Now(), client__is_enabled=True)
    return waiting.exclude(client__backchannel_logout_uri="")


@transaction.atomic
def _claim_session(client_id: int) -> ClientSession | None:
    """Claim one session; concurrent workers get different ones."""
    due = (
        _get_due_sessions().filter(client=client_id).select_related("client", "device__user").order_by("next_at", "pk")
    )
    session = due.select_for_update(of=("self",), skip_locked=True).first()
    if session is not None:
        ClientSession.objects.filter(pk=session.pk).update(next_at=Now() + LEASE)
    return session


def _send_logout(session: ClientSession) -> bool:
    """Send one notification and store the result. Never in a transaction."""
    client, now = session.client, timezone.now()
    body = urlencode({"logout_token": create_logout_token(session, now=now)}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": f"Agora ({settings.SITE_URL})"}
    answer = transport.post(
        client.backchannel_logout_uri, body, headers, own_networks=settings.BACKCHANNEL_ALLOWED_NETWORKS
    )
    state = _record_attempt(session, answer, now=now)
    log.info(
        "logout_sent",
        client=client.public_id,
        status=answer.status,
        error=answer.error,
        ms=answer.ms,
        attempt=session.attempts + 1,
        state=state.value,
    )
    return answer.succeeded


def _record_attempt(session: ClientSession, answer: Answer, *, now: datetime) -> State:
    """Store the result of an attempt. One UPDATE, without effect when another worker was faster."""
    attempts = session.attempts + 1
    state = State.TOLD if answer.succeeded else State.WAITING if attempts <= len(RETRY_DELAYS) else State.FAILED
    pause = RETRY_DELAYS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER) if state == State.WAITING else None  # noqa: S311  spreads load, guards nothing
    ClientSession.objects.filter(pk=session.pk, state=State.WAITING).update(
        state=state,
        next_at=None if pause is None else Now() + pause,
        tried_at=now,
        attempts=attempts,
        answer=answer.error or str(answer.status),
    )
    return state
