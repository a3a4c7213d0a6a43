"""Sensitive acts are done by whoever said within minutes who they are, in their own name and in a browser."""

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
# By the names of their addresses: people, roles, keys, clients, what they hold; secrets of webhooks; what is taken out;
# money given back, or noted as come or gone.
SENSITIVE_ADMIN_URLS: Final = ("accounts_*", "core_webhook_*", "*_export", "shop_order_refund*", "shop_order_transfer")
SENSITIVE_API_URLS: Final = ("webhook-*", "order-refunds")  # beside what endpoints of an account ask themselves
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
EXPORT_URLS: Final = "*_export"


class RecentAuthenticationRequired(Denied):
    code = "reauthentication_required"
    message = _("Say once more who you are, at /account/reauthenticate/, and then do this again.")


class FreshSignInRequired(Denied):
    code = "sign_in_anew"
    message = _("This asks for a sign-in of the last minutes. Sign out and in again, and do it then.")


def require(request: HttpRequest) -> None:
    """Go on only for somebody who just said who they are: others are led to the page that asks, and come back.

    A form that was sent is kept and sent again after that; a part of a page that a script asked for leads the whole
    page there. Raises Impersonating, SignInAnew, and what leads to that page.
    """
    if not is_needed(request):
        return
    if getattr(request, "htmx", False):
        # Sent again, it is the whole page that asks.
        request.META = {name: told for name, told in request.META.items() if not name.startswith("HTTP_HX_")}
        led = reauthentication.suspend_request(request, reverse("account_reauthenticate"))
        raise ImmediateHttpResponse(HttpResponseClientRedirect(led.url))
    raise ReauthenticationRequired


def is_needed(request: HttpRequest) -> bool:
    """Whether whoever asks must say again who they are.

    Raises Impersonating for who acts in another's name, SignInAnew for who has nothing to say it by.
    """
    if getattr(request, "impersonated_by", None) is not None:
        raise NotWhileImpersonating
    if not request.user.is_authenticated:
        return True
    if not get_adapter(request).is_reauthentication_required():
        return False
    return not reauthentication.did_recently_reauthenticate(get_session_holder(request))


def get_session_holder(request: HttpRequest) -> Any:
    """Where it is kept what a person said of themselves: the session of an app that calls the API, or the browser's."""
    return getattr(request, "app_session", request)


def is_sensitive_admin_url(name: str, method: str) -> bool:
    """Whether an act of the staff area asks again; `name` is that of its address without the namespace."""
    if method in SAFE_METHODS:
        return fnmatchcase(name, EXPORT_URLS)
    return any(fnmatchcase(name, pattern) for pattern in SENSITIVE_ADMIN_URLS)


def is_sensitive_api_url(name: str, method: str) -> bool:
    """Whether an act by the API asks again of who calls with a browser's session."""
    return method not in SAFE_METHODS and any(fnmatchcase(name, pattern) for pattern in SENSITIVE_API_URLS)


def recent_authentication_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For the signed-in who said within minutes who they are; others are asked, and go on from there."""

    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request)
        return view(request, *args, **kwargs)

    marked: Callable[..., HttpResponse] = login_required(asking)
    setattr(marked, REQUIREMENT_ATTRIBUTE, True)
    return marked
