"""Sensitive acts are done by whoever said within minutes who they are, in their own name and in a browser."""

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from accounts.impersonation.guard import Impersonating

P = ParamSpec("P")
R = TypeVar("R")

MARKED: Final = "asks_again"


def require(request: HttpRequest) -> None:
    """Go on only for somebody who just said who they are: others are led to the page that asks, and come back.

    A form that was sent is kept and sent again after that. Raises Impersonating, and what leads to that page.
    """
    if is_needed(request):
        raise ReauthenticationRequired


def is_needed(request: HttpRequest) -> bool:
    """Whether whoever asks must say again who they are. Raises Impersonating for who acts in another's name."""
    if getattr(request, "in_name", None) is not None:
        raise Impersonating
    return bool(is_reauthentication_required(request, app=""))


def just_confirmed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For the signed-in who said within minutes who they are; others are asked, and go on from there."""

    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request)
        return view(request, *args, **kwargs)

    marked: Callable[..., HttpResponse] = login_required(asking)
    setattr(marked, MARKED, True)
    return marked
