"""Create, rotate and revoke API keys."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.api_keys import tokens
from accounts.api_keys.models import ApiKey
from accounts.users.models import User
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from core.events import services as events
from core.scopes import SCOPES

MAX_KEYS: Final = 25
ROTATION_OVERLAP: Final = timedelta(hours=24)
LAST_USE_INTERVAL: Final = timedelta(minutes=1)


class TooManyKeys(Conflict):
    code = "too_many_keys"
    message = _("You can have at most %(most)d API keys. Revoke one that you no longer need.")


class UnknownScope(Invalid):
    code = "unknown_scope"
    message = _("Unknown scope: %(scope)s.")


class InvalidNetwork(Invalid):
    code = "not_a_network"
    message = _("%(network)s is not an IP address or a network such as 203.0.113.0/24.")


class ExpiryInPast(Invalid):
    code = "expiry_past"
    message = _("Enter a time in the future.")


class KeyEnded(Conflict):
    code = "key_ended"
    message = _("This API key has been revoked or has expired.")


@dataclass(frozen=True, slots=True)
class ApiKeyWithToken:
    """A key and its token, which cannot be shown again."""

    key: ApiKey
    token: str


@transaction.atomic
def add_key(
    *,
    user_id: int,
    name: str,
    scopes: Sequence[str],
    by: Actor,
    expires_at: datetime | None = None,
    networks: Sequence[str] = (),
    now: datetime | None = None,
) -> ApiKeyWithToken:
    """Create a key for one's own account. Locks the person, so that the limit holds for concurrent requests.

    Raises Denied for another person's account, UnknownScope, InvalidNetwork, ExpiryInPast, and TooManyKeys beyond
    MAX_KEYS active keys. Records api_key.added.
    """
    now = now or timezone.now()
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if by.id != user.public_id:
        raise Denied
    if unknown := sorted(set(scopes) - SCOPES):
        raise UnknownScope(field="scopes", scope=unknown[0])
    if expires_at is not None and expires_at <= now:
        raise ExpiryInPast(field="expires_at")
    if ApiKey.objects.alive(now).filter(user=user).count() >= MAX_KEYS:
        raise TooManyKeys(most=MAX_KEYS)
    prefix = tokens.generate_prefix()
    token = tokens.generate_token(prefix)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        digest=tokens.digest(token),
        scopes=sorted(set(scopes)),
        networks=[_parse_network(given) for given in networks],
        expires_at=expires_at,
        created_at=now,
    )
    events.record("api_key.added", key, by=by, now=now, user=user.public_id, scopes=key.scopes)
    return ApiKeyWithToken(key, token)


@transaction.atomic
def rotate_key(*, key_id: int, by: Actor, now: datetime | None = None) -> ApiKeyWithToken:
    """Replace the secret of one's own key. The former secret works for ROTATION_OVERLAP; any earlier one stops working.

    Locks the key. Raises Denied for another person's key, KeyEnded. Records api_key.rotated.
    """
    now = now or timezone.now()
    key = ApiKey.objects.locked().select_related("user").get(pk=key_id)
    if by.id != key.user.public_id:
        raise Denied
    if not key.is_alive(now):
        raise KeyEnded
    token = tokens.generate_token(key.prefix)
    key.former_digest, key.former_until, key.digest = key.digest, now + ROTATION_OVERLAP, tokens.digest(token)
    key.save(update_fields=["former_digest", "former_until", "digest"])
    events.record("api_key.rotated", key, by=by, now=now, user=key.user.public_id)
    return ApiKeyWithToken(key, token)


@transaction.atomic
def revoke_key(*, key_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Revoke a key with immediate effect. Returns False when it was revoked before.

    Locks the key. Raises Denied for another person's key without accounts.revoke_apikey. Records api_key.revoked.
    """
    now = now or timezone.now()
    key = ApiKey.objects.locked().select_related("user").get(pk=key_id)
    if by.id != key.user.public_id and not by.can("accounts.revoke_apikey"):
        raise Denied(required_permission="accounts.revoke_apikey")
    if key.revoked_at is not None:
        return False
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    events.record("api_key.revoked", key, by=by, now=now, user=key.user.public_id)
    return True


def record_use(*, key: ApiKey, now: datetime) -> None:
    """Update the time of last use, at most once per LAST_USE_INTERVAL. Records no event."""
    before = now - LAST_USE_INTERVAL
    if key.last_used_at is None or key.last_used_at <= before:
        due = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
        ApiKey.objects.filter(due, pk=key.pk).update(last_used_at=now)


def _parse_network(given: str) -> str:
    try:
        return str(ipaddress.ip_network(given.strip(), strict=False))
    except ValueError:
        raise InvalidNetwork(field="networks", network=given) from None
