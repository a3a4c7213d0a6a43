"""Project adapter for the social accounts of django-allauth."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as account_adapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import Provider
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.users import services as people
from accounts.users.models import User
from core.validation.email_addresses import canonical_email

MAX_NAME_LENGTH = 120


class SocialAdapter(DefaultSocialAccountAdapter):
    """Providers come from the environment only; people get their name."""

    error_messages: ClassVar = {
        **DefaultSocialAccountAdapter.error_messages,
        "connected_other": _("That account is already connected to another account here."),
        "invalid_token": _("The other site did not confirm who you are."),
        "no_password": _("This is your only sign-in method. Set a password first."),
        "no_verified_email": _("This is your last way in. Confirm your email address first."),
    }

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the providers of the settings. No query: secrets are not stored in the database."""
        by_kind = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in by_kind.values() for app in apps]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Same rule as for sign-up with a password. Raises NetworkBanned."""
        account_adapter(request).require_free_network(request)
        return bool(super().is_open_for_signup(request, sociallogin))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """Set the name from the provider, and canonical email addresses."""
        user: User = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        given = str(data.get("name") or " ".join(part for part in parts if part))
        user.name = _name_or_none(given)[:MAX_NAME_LENGTH].strip()
        user.email = _email_or_none(user.email)
        for address in sociallogin.email_addresses:
            address.email = _email_or_none(address.email)
        sociallogin.email_addresses = [address for address in sociallogin.email_addresses if address.email]
        return user


def _name_or_none(text: str) -> str:
    try:
        return people.clean_name(text)
    except people.InvalidName:
        return ""


def _email_or_none(text: str) -> str:
    """Return the canonical address; "" for an invalid one, so that the person is prompted."""
    try:
        return canonical_email(text)
    except ValidationError:
        return ""


def get_provider_origins(ways: list[Provider]) -> list[str]:
    """Return the origins of the providers' sign-in pages, for form-action."""
    found = set()
    for way in ways:
        address = way.app.settings.get("server_url") or way.get_oauth2_adapter(way.request).authorize_url
        parts = urlsplit(address)
        found.add(f"{parts.scheme}://{parts.netloc}")
        found.update(settings.SOCIAL_ORIGINS.get(way.app.provider_id, []))
    return sorted(found)
