"""What is forbidden while impersonating.

Closed by default: of account pages and endpoints only those listed here are available. The staff area and conversations
are read-only.
"""

from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.errors import Denied

ACCOUNT_PATHS: Final = ("/account/", "/oauth/", "/api/v1/me/", "/api/v1/webhooks/", "/api/v1/security_log/")
ALLOWED_URL_NAMES: Final = frozenset(
    {
        "account_logout",
        "account-me",
        "accounts:activity",
        "accounts:overview",
        "accounts:profile",
        "accounts:stop_impersonating",
    }
)
READ_ONLY_PATHS: Final = (
    "/admin/",
    "/staff/",
    "/talk/",
    "/api/v1/bans/",
    "/api/v1/conversations/",
    "/api/v1/messages/",
    "/api/v1/moderation_cases/",
    "/api/v1/rooms/",
)
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class NotWhileImpersonating(Denied):
    code = "impersonating"
    message = _("Not available while impersonating.")


def is_forbidden(request: HttpRequest) -> bool:
    """Whether a request is forbidden while impersonating. Reads `request.resolver_match`."""
    if request.path.startswith(ACCOUNT_PATHS):
        return request.resolver_match is None or request.resolver_match.view_name not in ALLOWED_URL_NAMES
    return request.path.startswith(READ_ONLY_PATHS) and request.method not in SAFE_METHODS
