"""Discovery documents of the OAuth provider, and its public keys."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from oauth2_provider import views

from accounts.oauth.parameters import RESPONSE_MODES
from accounts.oauth.services import signing_keys
from accounts.oauth.validator import DEVICE_GRANT

JWKS_SECONDS = 300
# A public client proves a code by PKCE alone; who asks about tokens always has a secret.
AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]
COMMON_METADATA = {
    "token_endpoint_auth_methods_supported": AUTH_METHODS,
    "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
    "introspection_endpoint_auth_methods_supported": AUTH_METHODS[:-1],
    "response_modes_supported": list(RESPONSE_MODES),
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
}


class Discovery(views.ConnectDiscoveryInfoView):
    """OpenID Connect Discovery, limited to what is supported: no HS256."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponse = super().get(request, *args, **kwargs)
        said = json.loads(response.content)
        said["id_token_signing_alg_values_supported"] = ["RS256"]
        said["claims_supported"] = [*said["claims_supported"], "sid"]
        said |= COMMON_METADATA
        said["prompt_values_supported"] = ["none", "login", "consent"]
        said["grant_types_supported"] = ["authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT]
        said["revocation_endpoint"] = self._get_endpoint_url(request, "revoke-token")
        said["introspection_endpoint"] = self._get_endpoint_url(request, "introspect")
        said["device_authorization_endpoint"] = self._get_endpoint_url(request, "device-authorization")
        response.content = json.dumps(said)
        return response


class Metadata(views.OAuthServerMetadataView):
    """RFC 8414: the same as `Discovery`, for plain OAuth clients."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponse = super().get(request, *args, **kwargs)
        said = json.loads(response.content)
        said["device_authorization_endpoint"] = self._get_endpoint_url(request, "device-authorization")
        said |= COMMON_METADATA
        response.content = json.dumps(said)
        return response


def keys(request: HttpRequest) -> JsonResponse:
    """Return the public keys as a JSON Web Key Set (RFC 7517)."""
    shown = [
        {"alg": "RS256", "use": "sig", "kid": key.kid, **json.loads(key.jwk.export_public())}
        for key in signing_keys.get_published_keys()
    ]
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": f"public, max-age={JWKS_SECONDS}"}
    return JsonResponse({"keys": shown}, headers=headers)
