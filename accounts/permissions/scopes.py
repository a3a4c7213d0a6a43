"""What each scope lets a program do, in words for the person who lets it."""

from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.permissions import consent_policy
from core.scopes import SCOPES

DESCRIPTIONS: Final = {
    "account:read": _("Read your profile"),
    "account:write": _("Change your profile"),
    "blog:read": _("Read the journal as you do, drafts of yours too"),
    "blog:write": _("Write in the journal and comment as you"),
    "shop:read": _("Read your orders"),
    "shop:write": _("Order for you, and act on orders as far as you may"),
    "chat:read": _("Read your conversations"),
    "chat:write": _("Write messages as you"),
    "moderation:manage": _("Decide what stands in the queue, and ban, as far as you may"),
    "security:read": _("Read who did what to accounts, as far as you may"),
    "webhooks:manage": _("Have events sent to addresses of its own"),
}
IDENTITY_SCOPES: Final = {
    "openid": _("Know that it is you"),
    "profile": _("Know your name and your picture"),
    "email": _("Know your e-mail address"),
}
INTROSPECTION: Final = "introspection"
TOKEN_SCOPES: Final = {INTROSPECTION: _("Ask whether a token is good")}
CLIENT_CREDENTIALS: Final = "client-credentials"
AFTER_APPROVAL: Final = _("{scope} (after approval by staff)")

# A scope without words yet is offered under its name.
CHOICES: Final = [(scope, DESCRIPTIONS.get(scope, scope)) for scope in sorted(SCOPES)]
ALL_SCOPES: Final[dict[str, Any]] = {**IDENTITY_SCOPES, **dict(CHOICES), **TOKEN_SCOPES}


def get_choices() -> list[tuple[str, Any]]:
    """What the form of a client offers."""
    staff = consent_policy.STAFF_SCOPES
    return [
        (name, format_lazy(AFTER_APPROVAL, scope=words) if name in staff else words)
        for name, words in ALL_SCOPES.items()
    ]


def get_scopes_for_flow(flow: str) -> dict[str, Any]:
    """What a client of a flow may ask for: where no person agrees, nothing about people and nothing of theirs."""
    return TOKEN_SCOPES if flow == CLIENT_CREDENTIALS else {**IDENTITY_SCOPES, **dict(CHOICES)}


class Scopes:
    """For the toolkit: all scopes, and those that a client may ask for."""

    def get_all_scopes(self) -> dict[str, Any]:
        return ALL_SCOPES

    def get_available_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        return (
            list(ALL_SCOPES)
            if application is None
            else [scope for scope in consent_policy.get_allowed_scopes(application) if scope in ALL_SCOPES]
        )

    def get_default_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        """A client that names none asks who somebody is, or for the little that it may do by itself."""
        return [scope for scope in ("openid", INTROSPECTION) if scope in self.get_available_scopes(application)]
