"""Give and withdraw consent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.oauth.models import AccessToken, AuthorizationCode, Client, Consent, DeviceGrant, RefreshToken
from accounts.sessions import client_sessions
from accounts.users.models import User
from core.context import Actor
from core.errors import Denied
from core.events import services as events


def is_covered(*, user_id: int, client_id: str, scopes: Iterable[str]) -> bool:
    """Whether the person already consented to all scopes for this client."""
    wanted = sorted(set(scopes))
    return Consent.objects.filter(user_id=user_id, client__client_id=client_id, scopes__contains=wanted).exists()


@transaction.atomic
def give_consent(
    *, user: User, client: Client, scopes: Iterable[str], by: Actor, now: datetime | None = None
) -> Consent:
    """Store consent, in addition to earlier scopes. Locks the consent.

    Raises Denied for another person. Records consent.given when a scope was added.
    """
    now = now or timezone.now()
    if by.id != user.public_id:
        raise Denied
    Consent.objects.bulk_create(
        [Consent(user=user, client=client, scopes=["openid"], given_at=now)], ignore_conflicts=True
    )
    consent = Consent.objects.select_for_update(of=("self",)).get(user=user, client=client)
    is_new = consent.given_at == now
    together = sorted(set(scopes) if is_new else {*consent.scopes, *scopes})
    if is_new or together != consent.scopes:
        consent.scopes, consent.given_at = together, now
        consent.save(update_fields=["scopes", "given_at"])
        events.record("consent.given", consent, by=by, now=now, client=client.public_id, scopes=together)
    return consent


@transaction.atomic
def withdraw_consent(*, consent_id: int, by: Actor, now: datetime | None = None) -> None:
    """Delete a consent; its codes and tokens are revoked, and the client is notified.

    Locks the consent. Raises Denied for another person's consent. Records consent.withdrawn.
    """
    consent = Consent.objects.select_for_update(of=("self",)).select_related("user", "client").get(pk=consent_id)
    if by.id != consent.user.public_id:
        raise Denied
    events.record("consent.withdrawn", consent, by=by, now=now, client=consent.client.public_id)
    end_tokens(user=consent.user, client=consent.client)
    client_sessions.end_at_client(user=consent.user, client=consent.client)
    consent.delete()


def end_tokens(*, user: User, client: Client) -> None:
    """Delete the codes and tokens of a person at a client."""
    for kind in (AuthorizationCode, RefreshToken, AccessToken):
        kind.objects.filter(user=user, application=client).delete()


def end_client_tokens(*, client: Client) -> None:
    """Delete all codes and tokens of a client; consents stay."""
    for kind in (AuthorizationCode, RefreshToken, AccessToken):
        kind.objects.filter(application=client).delete()
    DeviceGrant.objects.filter(client_id=client.client_id).delete()


def lock_token_owner(found: QuerySet[Any]) -> None:
    """Lock the person of a code or token before the code itself, in the same order as services that end all of them."""
    list(User.objects.select_for_update(no_key=True).filter(pk__in=found.values("user")).order_by("pk"))
