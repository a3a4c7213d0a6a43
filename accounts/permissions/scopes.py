"""Descriptions of scopes for the people who consent."""

from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.permissions import consent_policy
from core.scopes import SCOPES

DESCRIPTIONS: Final = {
    "account:read": _("Read your profile"),
    "account:write": _("Change your profile"),
    "blog:read": _("Read the journal, including your drafts"),
    "blog:write": _("Write posts and comments as you"),
    "shop:read": _("Read your orders"),
    "shop:write": _("Place and manage orders for you"),
    "chat:read": _("Read your conversations"),
    "chat:write": _("Write messages as you"),
    "moderation:manage": _("Moderate content and ban people, within your permissions"),
    "security:read": _("Read the security log, within your permissions"),
    "webhooks:manage": _("Manage webhooks"),
}
IDENTITY_SCOPES: Final = {
    "openid": _("Confirm your identity"),
    "profile": _("See your name and picture"),
    "email": _("See your email address"),
}
INTROSPECTION: Final = "introspection"
TOKEN_SCOPES: Final = {INTROSPECTION: _("Check whether a token is valid")}
CLIENT_CREDENTIALS: Final = "client-credentials"
AFTER_APPROVAL: Final = _("{scope} (after approval by staff)")

# A scope without words yet is offered under its name.
CHOICES: Final = [(scope, DESCRIPTIONS.get(scope, scope)) for scope in sorted(SCOPES)]
ALL_SCOPES: Final[dict[str, Any]] = {**IDENTITY_SCOPES, **dict(CHOICES), **TOKEN_SCOPES}


def get_choices() -> list[tuple[str, Any]]:
    """Return the choices of the client form."""
    staff = consent_policy.STAFF_SCOPES
    return [
        (name, format_lazy(AFTER_APPROVAL, scope=words) if name in staff else words)
        for name, words in ALL_SCOPES.items()
    ]


def get_scopes_for_flow(flow: str) -> dict[str, Any]:
    """Return the scopes of a grant type: without a person no personal scopes."""
    return TOKEN_SCOPES if flow == CLIENT_CREDENTIALS else {**IDENTITY_SCOPES, **dict(CHOICES)}


class Scopes:
    """Scopes backend of the toolkit."""

    def get_all_scopes(self) -> dict[str, Any]:
        return ALL_SCOPES

    def get_available_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        return (
            list(ALL_SCOPES)
            if application is None
            else [scope for scope in consent_policy.get_allowed_scopes(application) if scope in ALL_SCOPES]
        )

    def get_default_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        """Return the default of a client that requests no scope."""
        return [scope for scope in ("openid", INTROSPECTION) if scope in self.get_available_scopes(application)]
