"""Validator of the OAuth provider, stricter than the toolkit's."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from jwcrypto import jwk, jws
from jwcrypto.common import JWException
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from accounts.oauth.models import AccessToken, AuthorizationCode, Client, DeviceGrant, RefreshToken
from accounts.oauth.services import consents, signing_keys, token_families
from accounts.permissions import consent_policy
from accounts.sessions import client_sessions, devices
from accounts.sessions.models import ClientSession

DEVICE_GRANT = Client.GRANT_DEVICE_CODE
# Beside a request's headers; no header can have such a name.
USER_HEADER, AUTH_TIME_HEADER, DEVICE_HEADER = "agora.person", "agora.signed_in_at", "agora.device"


class OAuthBackend(OAuthLibCore):
    """Passes person, authentication time and device to the validator."""

    def extract_headers(self, request: HttpRequest) -> dict[str, Any]:
        headers: dict[str, Any] = super().extract_headers(request)
        if request.user.is_authenticated:
            headers[USER_HEADER], headers[AUTH_TIME_HEADER] = str(request.user.pk), str(get_auth_time(request))
            headers[DEVICE_HEADER] = request.session.get(devices.DEVICE_KEY, "")
        return headers


def get_auth_time(request: HttpRequest) -> int:
    """Return the time of the last authentication, in seconds since 1970."""
    records = get_authentication_records(request, request.user)
    last = request.user.last_login  # type: ignore[union-attr]  # as above
    return int(max([record["at"] for record in records] or [last.timestamp() if last else 0]))


class OAuthValidator(OAuth2Validator):
    """Runs inside the transaction of `views.Token`, so locks are held until the response."""

    oidc_claim_scope = {  # noqa: RUF012  the toolkit's way
        "sub": "openid",
        "name": "profile",
        "picture": "profile",
        "locale": "profile",
        "email": "email",
        "email_verified": "email",
    }

    # People

    def get_claim_dict(self, request: Any) -> dict[str, Any]:
        return {"sub": lambda asked: asked.user.public_id, **self.get_additional_claims()}

    def get_additional_claims(self) -> dict[str, Any]:
        """Only verified addresses are included."""
        return {
            "name": lambda asked: asked.user.name or None,
            "picture": lambda asked: _get_picture_url(asked.user),
            "locale": lambda asked: asked.user.locale,
            "email": lambda asked: asked.user.email,
            "email_verified": lambda asked: asked.user.emailaddress_set.filter(verified=True, primary=True).exists(),
        }

    # Asking people

    def validate_silent_login(self, request: Any) -> bool:
        return USER_HEADER in request.headers

    def validate_silent_authorization(self, request: Any) -> bool:
        """Whether the person consented to all requested scopes for this client."""
        return consents.is_covered(
            user_id=int(request.headers[USER_HEADER]), client_id=request.client_id, scopes=request.scopes
        )

    # Codes

    def _create_authorization_code(self, request: Any, code: Any, expires: Any = None) -> AuthorizationCode:
        made: AuthorizationCode = super()._create_authorization_code(request, code, expires)
        auth_time = datetime.fromtimestamp(int(request.headers[AUTH_TIME_HEADER]), UTC)
        session = _begin_client_session(request) if "openid" in request.scopes else None
        AuthorizationCode.objects.filter(pk=made.pk).update(auth_time=auth_time, session=session)
        return made

    def validate_code(self, client_id: str, code: str, client: Client, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Lock the code. A reused code revokes all its tokens (RFC 6749, 4.1.2)."""
        consents.lock_token_owner(AuthorizationCode.objects.filter(code=code))
        locked = AuthorizationCode.objects.select_for_update(of=("self",)).select_related("session")
        found = locked.filter(code=code, application=client).first()
        if found is None:
            return False
        if found.used_at is not None:
            token_families.revoke_reused_family(family=found.family, client=client, what=token_families.CODE)
            return False
        if found.session is not None and found.session.state != ClientSession.State.OPEN:
            return False
        request.family, request.auth_time, request.session = found.family, found.auth_time, found.session
        return found.user.is_active and bool(super().validate_code(client_id, code, client, request, *args, **kwargs))

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> None:
        AuthorizationCode.objects.filter(code=code, application=request.client).update(used_at=timezone.now())

    def get_id_token_dictionary(self, token: Any, token_handler: Any, request: Any) -> tuple[dict[str, Any], datetime]:
        claims, expires = super().get_id_token_dictionary(token, token_handler, request)
        if auth_time := _get_own_attribute(request, "auth_time"):
            claims["auth_time"] = int(auth_time.timestamp())
        session = _get_own_attribute(request, "session")
        if session is not None and session.state == ClientSession.State.OPEN:
            claims["sid"] = str(session.uid)
        return claims, expires

    def finalize_id_token(self, *args: Any, **kwargs: Any) -> str:
        signing_keys.get_published_keys()  # the very first token finds a key
        return str(super().finalize_id_token(*args, **kwargs))

    # Tokens

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Lock the token. A second use revokes the family; of two concurrent requests, a retry, one is rejected."""
        began = timezone.now()
        checksum = sha256(refresh_token.encode()).hexdigest()
        consents.lock_token_owner(RefreshToken.objects.filter(token_checksum=checksum))
        locked = RefreshToken.objects.select_for_update(of=("self",)).select_related("user", "session")
        found = locked.filter(token_checksum=checksum).order_by("-revoked", "pk").first()
        if found is None or found.application_id != client.pk or not found.user.is_active:
            return False
        if found.revoked is not None:
            if found.revoked < began:
                token_families.revoke_reused_family(
                    family=found.token_family, client=client, what=token_families.REFRESH
                )
            return False
        request.session, request.auth_time = found.session, found.auth_time
        return bool(super().validate_refresh_token(refresh_token, client, request, *args, **kwargs))

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """Return the scopes that a refresh may renew now."""
        given = super().get_original_scopes(refresh_token, request, *args, **kwargs)
        live = consent_policy.get_live_scopes(
            given.split() if isinstance(given, str) else given,
            user=request.user,
            client=request.client,
            auth_time=request.auth_time,
            now=timezone.now(),
        )
        if not live:
            raise errors.InvalidGrantError(request=request)
        return sorted(live)

    def _create_access_token(
        self, expires: datetime, request: Any, token: dict[str, Any], source_refresh_token: Any = None
    ) -> AccessToken:
        """Create the token with the authentication time, without another query."""
        id_token = token.get("id_token")
        made = AccessToken(
            user=request.user,
            scope=token["scope"],
            expires=expires,
            id_token=self._load_id_token(id_token) if id_token else None,
            application=request.client,
            source_refresh_token=source_refresh_token,
            resource=getattr(request, "resource", []),
            auth_time=_get_own_attribute(request, "auth_time"),
        )
        self._set_token_value(made, token["access_token"])
        made.save()
        return made

    def _create_refresh_token(self, request: Any, code: str, access_token: AccessToken, previous: Any) -> RefreshToken:
        """Create the token with family and session, without another query."""
        made = RefreshToken(
            user=request.user,
            application=request.client,
            access_token=access_token,
            token_family=previous.token_family if previous else _get_own_attribute(request, "family") or uuid4(),
            resource=getattr(request, "resource", []),
            session=_get_own_attribute(request, "session"),
            auth_time=_get_own_attribute(request, "auth_time"),
        )
        self._set_token_value(made, code)
        made.save()
        return made

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """For a device also check that its code is its own, approved and unused. Uses the code up."""
        if grant_type not in ("authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT):
            return False
        if not super().validate_grant_type(client_id, grant_type, client, request, *args, **kw):
            return False
        if grant_type == DEVICE_GRANT:
            mine = DeviceGrant.objects.filter(device_code=request.device_code, client_id=request.client.client_id)
            agreed = mine.filter(status=DeviceGrant.AUTHORIZED, expires__gt=timezone.now(), user__is_active=True)
            request.auth_time = agreed.values_list("auth_time", flat=True).first()
            if not agreed.delete()[0]:
                raise errors.InvalidGrantError(request=request)
        return True

    def _load_access_token(self, token: str) -> AccessToken | None:
        """Return tokens of active accounts and enabled clients only, for the toolkit's endpoints."""
        access: AccessToken | None = super()._load_access_token(token)
        if access is None or not access.application.is_usable(None):
            return None
        return access if access.user is None or access.user.is_active else None

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return True

    # Keys

    def _get_key_for_token(self, token: str) -> jwk.JWK | None:
        """Return the key that an ID token names, including a former one."""
        try:
            unverified = jws.JWS()
            unverified.deserialize(token)
            kid = unverified.jose_header.get("kid", "")
            audience = json.loads(unverified.objects["payload"]).get("aud")
        except (JWException, ValueError, AttributeError):
            return None
        if not audience or not self._get_client_by_audience(audience):
            return None
        known = {key.kid: key for key in signing_keys.get_published_keys()}
        return known[kid].jwk if kid in known else None


def _get_own_attribute(request: Any, name: str) -> Any:
    """Return an attribute set on the request here; `getattr` would also find parameters of the client."""
    return vars(request).get(name)


def _begin_client_session(request: Any) -> ClientSession | None:
    where = request.headers[DEVICE_HEADER]
    if not where:
        return None
    return client_sessions.begin_client_session(
        user_id=int(request.headers[USER_HEADER]), device_uid=where, client=request.client
    )


def _get_picture_url(user: Any) -> str | None:
    return f"{settings.SITE_URL}{user.avatar.image.url}" if user.avatar else None
