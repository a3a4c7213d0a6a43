"""Token introspection (RFC 7662) for resource servers, which may call it for each of their requests.

A response costs one query, whether the client authenticates with its secret or a token. A verified secret is remembered
in the process by a digest of the secret and its stored hash, so it is hashed once. A replaced secret has another hash
and is verified again. Nothing is remembered of tokens.
"""

from base64 import b64decode
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote_plus

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider import views

from accounts.oauth import parameters
from accounts.oauth import queries as oauth_queries
from accounts.oauth.models import Client
from accounts.oauth.views import check_rate_limit
from accounts.permissions.scopes import INTROSPECTION

MAX_VERIFIED_SECRETS: Final = 1000

_verified_secrets: set[bytes] = set()


@method_decorator(csrf_exempt, name="dispatch")
class Introspect(views.IntrospectTokenView):
    """For confidential clients, by POST only. `sub` is the same as in ID tokens."""

    http_method_names = ["post", "options"]  # noqa: RUF012  Django's way
    refuses_malformed_input = True
    is_authenticated_client = False
    token_info: dict[str, Any] | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if str(request.method).lower() not in self.http_method_names:
            not_allowed: HttpResponseBase = self.http_method_not_allowed(request)
            return not_allowed
        if (name := parameters.find_malformed(request)) is not None:
            return parameters.BoundedParametersMixin().refuse_malformed(request, name)
        if problem := parameters.find_problem(request):
            return parameters.BoundedParametersMixin().refuse(request, problem)
        if not self._bears_token(request) and (refusal := self._knows_secret(request)):
            return refusal
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def authenticate_client(self, request: HttpRequest) -> bool:
        return self.is_authenticated_client

    def verify_request(self, request: HttpRequest) -> tuple[bool, None]:
        """Skip the toolkit's own look-up of the client's token."""
        return False, None

    def unauthenticated_response(self, request: HttpRequest, oauthlib_request: Any = None) -> JsonResponse:
        """RFC 7662, 2.3: respond like the token endpoint to a secret, or per RFC 6750 to a token."""
        is_bearer = request.headers.get("Authorization", "").lower().startswith("bearer ")
        challenge = 'Bearer realm="oauth", error="invalid_token"' if is_bearer else 'Basic realm="oauth"'
        error = "invalid_token" if is_bearer else "invalid_client"
        return JsonResponse({"error": error}, status=401, headers={"WWW-Authenticate": challenge})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        if "token" not in request.POST:
            return JsonResponse({"error": "invalid_request"}, status=400)
        if self.token_info is None:
            return JsonResponse({"active": False})
        said = {name: value for name, value in self.token_info.items() if value}
        issuer = settings.OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"]
        return JsonResponse({"active": True, **said, "exp": int(self.token_info["exp"]), "iss": issuer})

    def _bears_token(self, request: HttpRequest) -> bool:
        """Whether the client authenticates with a token for introspection."""
        scheme, _space, bearer = request.headers.get("Authorization", "").partition(" ")
        asking = (
            oauth_queries.get_introspecting_token(bearer, request.POST.get("token", ""))
            if scheme.lower() == "bearer"
            else None
        )
        if asking is not None and asking.allow_scopes([INTROSPECTION]):
            self.is_authenticated_client = asking.allows_audience(f"{settings.SITE_URL}{request.path}")
            self.token_info = asking.asked_info
        return self.is_authenticated_client

    def _knows_secret(self, request: HttpRequest) -> HttpResponseBase | None:
        """Verify the secret. Only attempts with unverified secrets are rate limited. Returns an error response."""
        client_id, secret = _get_credentials(request)
        asking = oauth_queries.get_introspecting_client(request.POST.get("token", ""), client_id) if client_id else None
        is_known = asking is not None and _digest_secret(secret, asking.client_secret) in _verified_secrets
        if not is_known and (refusal := check_rate_limit(request)):
            return refusal
        if asking is not None and asking.is_usable(request) and (is_known or _verify_secret(secret, asking)):
            self.is_authenticated_client, self.token_info = True, asking.token_info
        return None


def _get_credentials(request: HttpRequest) -> tuple[str, str]:
    """Return client id and secret from the header (RFC 6749, 2.3.1) or the body; "" where there are none."""
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    client_id, secret = request.POST.get("client_id", ""), request.POST.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client_id, _colon, secret = b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    return client_id, secret


def _verify_secret(secret: str, client: Client) -> bool:
    if not check_password(secret, client.client_secret):
        return False
    if len(_verified_secrets) >= MAX_VERIFIED_SECRETS:
        _verified_secrets.clear()
    _verified_secrets.add(_digest_secret(secret, client.client_secret))
    return True


def _digest_secret(secret: str, stored_hash: str) -> bytes:
    return sha256(f"{stored_hash}:{secret}".encode()).digest()
