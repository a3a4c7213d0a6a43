"""What a signed-in person meets before they go on."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import devices, factors
from core.api.problems import problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]

STAYS_OPEN = ("/account/", "/_allauth/", "/static/", "/media/", "/health/", "/theme/")


class MissingFactorMiddleware:
    """Who must have a second factor and signed in without one is led to set one up, and gets nowhere else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _is_led(request):
            return self.get_response(request)
        if request.path.startswith("/api/"):
            return problem_response(HTTPStatus.FORBIDDEN, "factor_missing", _("Set up a second factor first."))
        return redirect("accounts:security")


class LastSeenMiddleware:
    """Notes now and then that a signed-in browser is in use. Reads no session that nobody else reads."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.session.accessed:
            devices.keep_in_view(request, timezone.now())
        return response


def _is_led(request: HttpRequest) -> bool:
    """The session is only read where there is one: pages of strangers stay the same for all."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(STAYS_OPEN):
        return False
    return bool(request.session.get(factors.MISSING))
