"""Find clients, consents and tokens."""

from datetime import datetime
from hashlib import sha256

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Extract, JSONObject
from django.utils import timezone

from accounts.bans.queries import is_banned
from accounts.oauth.models import AccessToken, Client, Consent
from accounts.permissions.queries import permissions_held, remember_permissions
from core.context import Grant
from core.prepared_queries import PreparedQuery

SHORTEST_TOKEN = 20
TOKEN = PreparedQuery(
    lambda checksum, now: (
        AccessToken.objects.select_related("user__avatar", "application__user")
        .annotate(held=permissions_held(OuterRef("user_id")), banned=is_banned(OuterRef("user_id"), now))
        .filter(token_checksum=checksum)
    )
)
ASKING = PreparedQuery(
    lambda client_id, checksum, now: (
        Client.objects.select_related("user")
        .annotate(told=Subquery(_good(checksum, now).values("told")))
        .filter(client_id=client_id, client_type=Client.CLIENT_CONFIDENTIAL)
    )
)
BEARING = PreparedQuery(
    lambda bearer, checksum, now: _good(bearer, now).annotate(asked=Subquery(_good(checksum, now).values("told")))
)


def access_token_of(token: str) -> AccessToken | None:
    """The access token that a program sent, good or not, with client, person and what they may do; one query.

    None, without a query, for what cannot be one.
    """
    if not (token.isascii() and token.isalnum() and len(token) >= SHORTEST_TOKEN):
        return None
    access: AccessToken | None = TOKEN.first(checksum=_checksum(token), now=timezone.now())
    if access is not None and access.user is not None:
        remember_permissions(access.user, access.held)
    return access


def asked_about(token: str, client_id: str) -> Client | None:
    """The client that asks about a token, with what others may know of a good one as `told`. One query.

    None for a client without a secret.
    """
    asking: Client | None = ASKING.first(client_id=client_id, checksum=_checksum(token), now=timezone.now())
    return asking


def asked_with(bearer: str, token: str) -> AccessToken | None:
    """The good access token with which a client asks about another, with what it is told as `asked`. One query."""
    asking: AccessToken | None = BEARING.first(bearer=_checksum(bearer), checksum=_checksum(token), now=timezone.now())
    return asking


def clients_of(viewer: Grant) -> QuerySet[Client]:
    """The clients that the viewer registered; none for strangers."""
    return Client.objects.none() if viewer.user is None else Client.objects.filter(user=viewer.user)


def consents_of(viewer: Grant) -> QuerySet[Consent]:
    """What the viewer lets clients do; none for strangers."""
    mine = Consent.objects.none() if viewer.user is None else Consent.objects.filter(user=viewer.user)
    return mine.select_related("client")


def _good(checksum: str, now: datetime) -> QuerySet[AccessToken]:
    """The token, unless it has expired or its person or client is closed or banned; `told` is what others may know."""
    told = JSONObject(
        scope="scope",
        exp=Extract("expires", "epoch"),
        client_id="application__client_id",
        sub="user__uid",
        aud="resource",
    )
    good: QuerySet[AccessToken] = AccessToken.objects.annotate(told=told).filter(
        Q(user=None) | Q(user__is_active=True),
        Q(application__user=None) | Q(application__user__is_active=True),
        ~is_banned(OuterRef("user_id"), now),
        application__is_enabled=True,
        token_checksum=checksum,
        expires__gt=now,
    )
    return good


def _checksum(token: str) -> str:
    return sha256(token.encode()).hexdigest()
