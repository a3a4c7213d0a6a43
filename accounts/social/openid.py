"""OpenID Connect providers with a nonce: an ID token is valid only for the sign-in that requested it.

The nonce is a digest of the PKCE verifier in the session, so there is one secret for each sign-in.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare


class OpenIDAdapter(OpenIDConnectOAuth2Adapter):
    """The callback: token and person."""

    nonce = ""

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        self.nonce = compute_nonce(pkce_code_verifier or "")
        found: dict[str, Any] = super().get_access_token_data(request, app, client, pkce_code_verifier)
        return found

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Raise OAuth2Error for an ID token with another nonce or none, before any account is looked up."""
        login: SocialLogin = super().complete_login(request, app, token, **kwargs)
        claims = login.account.extra_data.get("id_token") or {}
        if not constant_time_compare(str(claims.get("nonce")), self.nonce):
            raise OAuth2Error("The ID token is not for this sign-in")
        return login


class OpenIDProvider(OpenIDConnectProvider):
    """The authorization request."""

    package = "allauth.socialaccount.providers.openid_connect"  # whose addresses it has
    oauth2_adapter_class = OpenIDAdapter

    def get_pkce_params(self) -> dict[str, str]:
        """Add the nonce that belongs to the verifier."""
        params: dict[str, str] = super().get_pkce_params()
        return {**params, "nonce": compute_nonce(params["code_verifier"])}


def compute_nonce(verifier: str) -> str:
    """Return a digest that reveals nothing of the verifier and differs from its challenge."""
    return urlsafe_b64encode(sha256(f"nonce of {verifier}".encode()).digest()).decode().rstrip("=")


def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """The callback of allauth with the project's adapter."""
    try:
        back: HttpResponseBase = OAuth2CallbackView.adapter_view(OpenIDAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return back
