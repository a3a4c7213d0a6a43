"""Sensitive actions require an authentication within the last minutes, in a browser and not while impersonating."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import reauthentication
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from accounts.permissions.impersonation_rules import NotWhileImpersonating
from core.errors import Denied

REQUIREMENT_ATTRIBUTE: Final = "asks_again"
# By URL name: people, roles, keys, OAuth apps, entitlements; webhook secrets; exports; refunds and transfers.
SENSITIVE_ADMIN_URLS: Final = ("accounts_*", "core_webhook_*", "*_export", "shop_order_refund*", "shop_order_transfer")
SENSITIVE_API_URLS: Final = ("webhook-*", "order-refunds")  # endpoints of an account check themselves
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
EXPORT_URLS: Final = "*_export"


class RecentAuthenticationRequired(Denied):
    code = "reauthentication_required"
    message = _("Confirm your identity at /account/reauthenticate/ and try again.")


class FreshSignInRequired(Denied):
    code = "sign_in_anew"
    message = _("Please sign in again to continue.")


def require(request: HttpRequest) -> None:
    """Continue only after a recent authentication; otherwise redirect to the confirmation page and return afterwards.

    A submitted form is stored and submitted again after the confirmation. For an htmx request the whole page is
    redirected. Raises NotWhileImpersonating, FreshSignInRequired, and exceptions that redirect.
    """
    if not is_needed(request):
        return
    if getattr(request, "htmx", False):
        # Submitted again, it requests the whole page.
        request.META = {name: value for name, value in request.META.items() if not name.startswith("HTTP_HX_")}
        led = reauthentication.suspend_request(request, reverse("account_reauthenticate"))
        raise ImmediateHttpResponse(HttpResponseClientRedirect(led.url))
    raise ReauthenticationRequired


def is_needed(request: HttpRequest) -> bool:
    """Whether the person must authenticate again.

    Raises NotWhileImpersonating, and FreshSignInRequired for people who have no method to reauthenticate.
    """
    if getattr(request, "impersonated_by", None) is not None:
        raise NotWhileImpersonating
    if not request.user.is_authenticated:
        return True
    if not get_adapter(request).is_reauthentication_required():
        return False
    return not reauthentication.did_recently_reauthenticate(get_session_holder(request))


def get_session_holder(request: HttpRequest) -> Any:
    """Return what holds the authentication records: the app's session or the request."""
    return getattr(request, "app_session", request)


def is_sensitive_admin_url(name: str, method: str) -> bool:
    """Whether an admin URL requires a recent authentication; `name` is without the namespace."""
    if method in SAFE_METHODS:
        return fnmatchcase(name, EXPORT_URLS)
    return any(fnmatchcase(name, pattern) for pattern in SENSITIVE_ADMIN_URLS)


def is_sensitive_api_url(name: str, method: str) -> bool:
    """Whether an API URL requires a recent authentication from a browser session."""
    return method not in SAFE_METHODS and any(fnmatchcase(name, pattern) for pattern in SENSITIVE_API_URLS)


def recent_authentication_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Require a signed-in person with a recent authentication; others are redirected and return afterwards."""

    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request)
        return view(request, *args, **kwargs)

    marked: Callable[..., HttpResponse] = login_required(asking)
    setattr(marked, REQUIREMENT_ATTRIBUTE, True)
    return marked
