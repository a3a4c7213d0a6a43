"""Providers from the environment, in the format of django-allauth. Imported by the settings, so it uses no apps.

`SOCIAL_PROVIDERS` is JSON: a name for each provider, and its client credentials. With `server_url` it is any OpenID
Connect provider; without, the name is one of allauth's (google, github, apple …).
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

OPENID_CONNECT: Final = "openid_connect"
OPENID_PROVIDER_CLASS: Final = "accounts.social.openid.OpenIDProvider"
CREDENTIAL_FIELDS: Final = ("client_id", "secret", "key")


def build_providers(given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return SOCIALACCOUNT_PROVIDERS. Raises ImproperlyConfigured for an incomplete provider."""
    found: dict[str, dict[str, Any]] = {OPENID_CONNECT: {"provider_class": OPENID_PROVIDER_CLASS, "APPS": []}}
    for name, about in given.items():
        if not about.get("client_id"):
            raise ImproperlyConfigured(f"SOCIAL_PROVIDERS: {name} has no client_id.")
        kind = OPENID_CONNECT if "server_url" in about else name
        if kind == name and find_spec(f"allauth.socialaccount.providers.{name}") is None:
            raise ImproperlyConfigured(f"SOCIAL_PROVIDERS: {name} is not known by name; give its server_url.")
        found.setdefault(kind, {"APPS": []})["APPS"].append(_build_app(name, about))
    return found


def get_installed_apps(given: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the Django apps of the providers."""
    named = sorted(name for name, about in given.items() if "server_url" not in about)
    return [f"allauth.socialaccount.providers.{name}" for name in (*named, OPENID_CONNECT)]


def get_origins(given: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return additional origins of sign-in pages, by provider."""
    return {name: list(about.get("origins", [])) for name, about in given.items()}


def _build_app(name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return one client. PKCE for all; addresses are trusted only where configured."""
    more = {
        key: value for key, value in about.items() if key not in (*CREDENTIAL_FIELDS, "name", "origins", "trusts_email")
    }
    settings = {**more, "oauth_pkce_enabled": True, "email_authentication": bool(about.get("trusts_email", False))}
    if "server_url" in about and urlsplit(about["server_url"]).scheme not in ("https", "http"):
        raise ImproperlyConfigured(f"SOCIAL_PROVIDERS: the server_url of {name} is no address.")
    known = {field: about[field] for field in CREDENTIAL_FIELDS if field in about}
    return {**known, "provider_id": name, "name": about.get("name", name.title()), "settings": settings}
