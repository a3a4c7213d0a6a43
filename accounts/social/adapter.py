"""Where allauth asks us about accounts elsewhere."""

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
    """Providers come from the environment alone, people with their name."""

    error_messages: ClassVar = {
        **DefaultSocialAccountAdapter.error_messages,
        "connected_other": _("That account belongs to another account here already."),
        "invalid_token": _("The other side did not say who you are."),
        "no_password": _("This is your last way in. Set a password first."),
        "no_verified_email": _("This is your last way in. Confirm your e-mail address first."),
    }

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Those of the settings. No query: nobody keeps secrets of providers in the database."""
        by_kind = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in by_kind.values() for app in apps]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """As for an account with a password. Raises NetworkBanned."""
        account_adapter(request).require_free_network(request)
        return bool(super().is_open_for_signup(request, sociallogin))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """A new person as the other side names them; addresses are kept as we spell them."""
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
    """What the other side calls an address, as we spell it; "" where it is none, so that the person is asked."""
    try:
        return canonical_email(text)
    except ValidationError:
        return ""


def get_provider_origins(ways: list[Provider]) -> list[str]:
    """Where the sign-in pages of providers are, for a page's policy: its forms lead there."""
    found = set()
    for way in ways:
        address = way.app.settings.get("server_url") or way.get_oauth2_adapter(way.request).authorize_url
        parts = urlsplit(address)
        found.add(f"{parts.scheme}://{parts.netloc}")
        found.update(settings.SOCIAL_ORIGINS.get(way.app.provider_id, []))
    return sorted(found)
