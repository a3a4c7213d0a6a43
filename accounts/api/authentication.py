"""Authentication classes of the API. Each sets a `Grant` as `request.auth`.

A request with an invalid bearer token is rejected, even where anonymous access is allowed. The session is not consulted
then.
"""

from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.api_keys import queries as api_key_queries
from accounts.api_keys import services as api_keys
from accounts.api_keys import tokens
from accounts.api_keys.models import ApiKey
from accounts.authentication import app_tokens, mfa, recent_authentication
from accounts.authentication import queries as app_queries
from accounts.data_requests import pending_deletion as closing
from accounts.oauth import queries as oauth_queries
from accounts.oauth.models import Client
from accounts.permissions import consent_policy
from accounts.users.models import User
from core import rate_limits
from core.context import Actor, Grant
from core.errors import Denied
from core.scopes import SCOPES

BANNED_MESSAGE: Final = gettext_lazy("The owner of this credential is banned.")
INVALID_CREDENTIAL_RATE: Final = (
    "30/minute"  # of one network; the secret is beyond guessing, this only spares the database
)


class InvalidCredential(AuthenticationFailed):
    """A key or token that exists but may not be used here or now. `why` is a short code."""

    def __init__(self, detail: str, subject: ApiKey | Client, why: str) -> None:
        super().__init__(detail)
        self.subject, self.why = (subject.public_kind, subject.public_id), why


class MfaRequired(Denied):
    code = "factor_missing"
    message = gettext_lazy("Set up two-factor authentication first.")


class AccountDeletionPending(Denied):
    code = "account_closing"
    message = gettext_lazy("This account is scheduled for deletion.")


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer …`: an API key, an app's token or an OAuth access token.

    Tokens in other headers, in the URL or in the body are ignored. Raises RecentAuthenticationRequired, MfaRequired,
    AccountDeletionPending.
    """

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, Grant] | None:
        token = _get_bearer_token(request)
        if token is None:
            return None
        now = timezone.now()
        if token.startswith(tokens.TOKEN_PREFIX):
            return _authenticate_api_key(token, request, now)
        return (
            _authenticate_app_token(token, request, now)
            if app_tokens.is_app_token(token)
            else _authenticate_access_token(token, request, now)
        )

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of RFC 6750, with an error only when a bearer token was sent."""
        return 'Bearer realm="api"' + ("" if _get_bearer_token(request) is None else ', error="invalid_token"')


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF enforced on writes. Sensitive actions require a recent sign-in.

    Raises RecentAuthenticationRequired, NotWhileImpersonating.
    """

    def authenticate(self, request: Request) -> tuple[Any, Grant] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        _require_recent_authentication(request._request)  # noqa: SLF001  whose session it is
        return (found[0], Grant.session(found[0]))

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="api"'


def _get_bearer_token(request: Request) -> str | None:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _authenticate_api_key(token: str, request: Request, now: datetime) -> tuple[User, Grant]:
    key = api_key_queries.get_api_key(token, now)
    if key is None:
        _count_failure(request)
        raise AuthenticationFailed(_("Invalid API key."))
    _require_usable(key, request, now)
    api_keys.record_use(key=key, now=now)
    return key.user, Grant("key", Actor.person(key.user), SCOPES.intersection(key.scopes), str(key.uid))


def _authenticate_app_token(token: str, request: Request, now: datetime) -> tuple[User, Grant]:
    """Authenticate an app by the session that a person opened in it, with the same rights and restrictions."""
    try:
        content = app_tokens.read_token(app_tokens.TokenUse.ACCESS, token)
    except app_tokens.TokenExpired:
        raise AuthenticationFailed(_("This token has expired.")) from None
    held = app_queries.get_app_session(content.session, content.person, now) if content else None
    if held is None:
        _count_failure(request)
        raise AuthenticationFailed(_("Invalid token, or its session has ended."))
    if held.session.get(mfa.MFA_MISSING_KEY):
        raise MfaRequired
    if held.session.get(closing.SESSION_KEY) and not request.path.startswith(closing.ALLOWED_PATHS):
        raise AccountDeletionPending
    page: Any = request._request  # noqa: SLF001  it holds the session
    page.user, page.app_session = held.user, held
    _require_recent_authentication(page)
    return held.user, Grant.session(held.user)


def _require_recent_authentication(page: HttpRequest) -> None:
    match = page.resolver_match
    if (
        match
        and recent_authentication.is_sensitive_api_url(match.url_name or "", page.method or "")
        and recent_authentication.is_needed(page)
    ):
        raise recent_authentication.RecentAuthenticationRequired


def _authenticate_access_token(token: str, request: Request, now: datetime) -> tuple[User | AnonymousUser, Grant]:
    """Authenticate an OAuth client. Without a person it is an actor of its own and has no personal scopes."""
    access = oauth_queries.get_access_token(token)
    if access is None:
        _count_failure(request)
        raise AuthenticationFailed(_("Invalid token."))
    client, user = access.application, access.user
    if access.expires <= now:
        raise AuthenticationFailed(_("This token has expired."))
    if client is None or not client.is_usable(None) or (user is not None and not user.is_active):
        detail = _("The app or the account of this token is disabled.")
        raise InvalidCredential(detail, client, "closed") if client else AuthenticationFailed(detail)
    if access.banned:
        raise InvalidCredential(str(BANNED_MESSAGE), client, "banned")
    if not access.allows_audience(f"{settings.SITE_URL}{request.path}"):
        raise InvalidCredential(_("This token is for another service."), client, "audience")
    actor = Actor.person(user) if user is not None else Actor("client", client.public_id)
    if user is None:
        return AnonymousUser(), Grant("token", actor, frozenset(), client.public_id)
    user.are_permissions_withheld = not client.is_approved
    live = consent_policy.get_live_scopes(
        access.scope.split(), user=user, client=client, auth_time=access.auth_time, now=now
    )
    return user, Grant("token", actor, SCOPES.intersection(live), client.public_id, access.auth_time)


def _count_failure(request: Request) -> None:
    rate_limits.require(INVALID_CREDENTIAL_RATE, "bad-key", rate_limits.client_key(request._request))  # noqa: SLF001


def _require_usable(key: ApiKey, request: Request, now: datetime) -> None:
    """Raise InvalidCredential with the reason. Only callers who have the whole key get here."""
    if key.revoked_at is not None:
        raise InvalidCredential(_("This API key has been revoked."), key, "revoked")
    if not key.is_alive(now):
        raise InvalidCredential(_("This API key has expired."), key, "expired")
    if not key.user.is_active:
        raise InvalidCredential(_("The account of this API key is disabled."), key, "closed")
    if key.banned:  # type: ignore[attr-defined]  # the query adds it
        raise InvalidCredential(str(BANNED_MESSAGE), key, "banned")
    if key.networks and not _is_in_networks(request.META.get("REMOTE_ADDR", ""), key.networks):
        raise InvalidCredential(_("This API key is not allowed from your network."), key, "network")


def _is_in_networks(address: str, networks: list[str]) -> bool:
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    return any(caller in ip_network(network) for network in networks)
