"""Keys that sign ID tokens: a current, a published next, and former ones until their tokens have expired."""

from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.utils import jwk_from_pem

from accounts.oauth.models import SigningKey
from core import encryption
from core.context import Actor
from core.events import services as events

KEY_SIZE_BITS: Final = 2048
ADVISORY_LOCK_ID: Final = 7_204_110  # an advisory lock's number, ours alone


def get_published_keys(now: datetime | None = None) -> list[SigningKey]:
    """Return the published keys, the current first. Creates the first two when there are none."""
    now = now or timezone.now()
    oldest = now - timedelta(seconds=settings.OAUTH2_PROVIDER["ID_TOKEN_EXPIRE_SECONDS"])
    keys = list(SigningKey.objects.exclude(state=SigningKey.State.FORMER, former_at__lte=oldest))
    if not keys:
        create_initial_keys()
        keys = list(SigningKey.objects.all())
    return sorted(keys, key=lambda key: (key.state != SigningKey.State.CURRENT, -key.pk))


@transaction.atomic
def create_initial_keys() -> None:
    """Create the first current and next key unless they exist. Serialised by an advisory lock."""
    _lock()
    for state in (SigningKey.State.CURRENT, SigningKey.State.NEXT):
        if not SigningKey.objects.filter(state=state).exists():
            _create_key(state)


@transaction.atomic
def rotate(*, by: Actor, now: datetime | None = None) -> SigningKey:
    """Make the next key current, create another next key, and delete expired former keys.

    Serialised by an advisory lock. Records signing_key.rotated.
    """
    now = now or timezone.now()
    create_initial_keys()
    State = SigningKey.State  # noqa: N806  a class
    oldest = now - timedelta(seconds=settings.OAUTH2_PROVIDER["ID_TOKEN_EXPIRE_SECONDS"])
    SigningKey.objects.filter(state=State.FORMER, former_at__lte=oldest).delete()
    SigningKey.objects.filter(state=State.CURRENT).update(state=State.FORMER, former_at=now)
    SigningKey.objects.filter(state=State.NEXT).update(state=State.CURRENT)
    _create_key(State.NEXT)
    current = SigningKey.objects.get(state=State.CURRENT)
    events.record("signing_key.rotated", current, by=by, now=now)
    return current


@transaction.atomic
def renew_secrets() -> int:
    """Encrypt all keys again with the first of DATA_KEYS; returns how many. Locks them."""
    keys = list(SigningKey.objects.select_for_update().order_by("pk"))
    for key in keys:
        key.pem = encryption.renew(key.pem)
        key.save(update_fields=["pem"])
    return len(keys)


def _create_key(state: SigningKey.State) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return SigningKey.objects.create(kid=jwk_from_pem(pem).thumbprint(), pem=encryption.encrypt(pem), state=state)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK_ID])
