"""How programs sign people in here: OAuth 2 and OpenID Connect, closed as RFC 9700 says."""

from typing import Any


def rules(site_url: str) -> dict[str, Any]:
    """The settings of the provider whose issuer is `site_url`."""
    return {
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": site_url,
        "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_SERVER_CLASS": "oauthlib.openid.Server",
        "OAUTH2_VALIDATOR_CLASS": "accounts.oauth.validator.OAuthValidator",
        "OAUTH2_BACKEND_CLASS": "accounts.oauth.validator.OAuthBackend",
        "SCOPES_BACKEND_CLASS": "accounts.permissions.scopes.Scopes",
        "OAUTH_DEVICE_VERIFICATION_URI": f"{site_url}/oauth/device/",
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "OIDC_RP_INITIATED_LOGOUT_STRICT_REDIRECT_URIS": True,
        "OIDC_RP_INITIATED_LOGOUT_DELETE_TOKENS": False,  # it would end what every other program has, too
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
        "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
        "ID_TOKEN_EXPIRE_SECONDS": 600,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 24 * 3600,  # after the last use
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
        "PKCE_REQUIRED": True,
        **{
            f"COMPLIANT_BCP_RFC9700_{rule}": True
            for rule in (
                "IMPLICIT_GRANT",
                "PASSWORD_GRANT",
                "PKCE_METHOD",
                "PKCE_REQUIRED",
                "ACCESS_TOKEN_TRANSPORT",
                "AUTHZ_RESPONSE_ISS",
                "TOKEN_STORAGE",
                "REFRESH_TOKEN",
                "REDIRECT_URI_SCHEME",
                "REDIRECT_URI_MATCHING",
            )
        },
        **{
            f"{kind}_ADMIN_CLASS": f"accounts.oauth.admin.{kind.title().replace('_', '')}Admin"
            for kind in ("APPLICATION", "ACCESS_TOKEN", "GRANT", "ID_TOKEN", "REFRESH_TOKEN")
        },
    }
