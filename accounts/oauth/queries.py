"""Find clients, consents and tokens."""

from datetime import datetime
from hashlib import sha256

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Extract, JSONObject
from django.utils import timezone

from accounts.bans.queries import is_banned
from accounts.oauth.models import AccessToken, Client, Consent
from accounts.permissions.queries import permission_names_subquery, remember_permissions
from core.context import Grant
from core.prepared_queries import PreparedQuery

MIN_TOKEN_LENGTH = 20
TOKEN_BY_CHECKSUM = PreparedQuery(
    lambda checksum, now: (
        AccessToken.objects.select_related("user__avatar", "application__user")
        .annotate(held=permission_names_subquery(OuterRef("user_id")), banned=is_banned(OuterRef("user_id"), now))
        .filter(token_checksum=checksum)
    )
)
INTROSPECTION_BY_SECRET = PreparedQuery(
    lambda client_id, checksum, now: (
        Client.objects.select_related("user")
        .annotate(token_info=Subquery(_get_valid_tokens(checksum, now).values("token_info")))
        .filter(client_id=client_id, client_type=Client.CLIENT_CONFIDENTIAL)
    )
)
INTROSPECTION_BY_TOKEN = PreparedQuery(
    lambda bearer, checksum, now: _get_valid_tokens(bearer, now).annotate(
        asked_info=Subquery(_get_valid_tokens(checksum, now).values("token_info"))
    )
)


def get_access_token(token: str) -> AccessToken | None:
    """Return the access token, valid or not, with client, person and permissions; one query.

    None, without a query, for malformed tokens.
    """
    if not (token.isascii() and token.isalnum() and len(token) >= MIN_TOKEN_LENGTH):
        return None
    access: AccessToken | None = TOKEN_BY_CHECKSUM.first(checksum=_checksum(token), now=timezone.now())
    if access is not None and access.user is not None:
        remember_permissions(access.user, access.held)
    return access


def get_introspecting_client(token: str, client_id: str) -> Client | None:
    """Return the client that introspects a token, annotated with `token_info` of a valid token. One query.

    None for a client without a secret.
    """
    asking: Client | None = INTROSPECTION_BY_SECRET.first(
        client_id=client_id, checksum=_checksum(token), now=timezone.now()
    )
    return asking


def get_introspecting_token(bearer: str, token: str) -> AccessToken | None:
    """Return the valid access token that authenticates an introspection, annotated with `asked_info`. One query."""
    asking: AccessToken | None = INTROSPECTION_BY_TOKEN.first(
        bearer=_checksum(bearer), checksum=_checksum(token), now=timezone.now()
    )
    return asking


def get_clients(viewer: Grant) -> QuerySet[Client]:
    """Return the clients of the viewer; none for anonymous visitors."""
    return Client.objects.none() if viewer.user is None else Client.objects.filter(user=viewer.user)


def get_consents(viewer: Grant) -> QuerySet[Consent]:
    """Return the consents of the viewer; none for anonymous visitors."""
    mine = Consent.objects.none() if viewer.user is None else Consent.objects.filter(user=viewer.user)
    return mine.select_related("client")


def _get_valid_tokens(checksum: str, now: datetime) -> QuerySet[AccessToken]:
    """Return valid tokens of open accounts and clients. `token_info` is the introspection response."""
    token_info = JSONObject(
        scope="scope",
        exp=Extract("expires", "epoch"),
        client_id="application__client_id",
        sub="user__uid",
        aud="resource",
    )
    good: QuerySet[AccessToken] = AccessToken.objects.annotate(token_info=token_info).filter(
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
