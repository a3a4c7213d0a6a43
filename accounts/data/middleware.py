"""Whoever signs in to an account that is being closed gets no further than where that is taken back."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from allauth.account.signals import user_logged_in
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import door
from accounts.models import User
from core.api.problems import problem_response

CLOSING: Final = "closing"  # in the session of whoever signed in to such an account

STAYS_OPEN: Final = (
    *("/account/closing/", "/account/logout/", "/api/v1/me/closing/", "/_allauth/"),
    *("/pages/", "/static/", "/media/", "/health/", "/theme/"),
)


@receiver(user_logged_in)
def mark_session(request: HttpRequest, user: User, **_: Any) -> None:
    if door.met(user).is_closing:
        request.session[CLOSING] = True


class ClosingMiddleware:
    """The session is only read where there is one: pages of strangers stay the same for all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_free = settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(STAYS_OPEN)
        if is_free or not request.session.get(CLOSING):
            return self.get_response(request)
        if request.path.startswith("/api/"):
            return problem_response(HTTPStatus.FORBIDDEN, "account_closing", _("This account is being closed."))
        return redirect("accounts:closing")
