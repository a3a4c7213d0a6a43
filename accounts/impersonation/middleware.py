"""Puts the person in whose name staff act in place of the session's, for this request."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts.impersonation import guard, overlay
from accounts.models import User
from core import context
from core.middleware import refuse

GetResponse = Callable[[HttpRequest], HttpResponseBase]

NOT_ASKED = ("/_allauth/", "/static/", "/media/", "/health/", "/theme/")


class ImpersonationMiddleware:
    """Stands behind authentication. `request.in_name` says who acts for whom, None for who acts as themselves."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        in_name = _in_name(request)
        request.in_name = in_name  # type: ignore[attr-defined]
        if in_name is None:
            return self.get_response(request)
        request.user = in_name.person
        with context.bind(impersonator=in_name.staff.public_id):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        if getattr(request, "in_name", None) is not None and guard.is_closed(request):
            return refuse(request, guard.Impersonating())
        return None


def _in_name(request: HttpRequest) -> overlay.InName | None:
    """Reads the session only where there is one, the person only where it is marked."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(NOT_ASKED):
        return None
    if overlay.MARK not in request.session or not isinstance(request.user, User):
        return None
    return overlay.of(request.session, request.user)
