"""What a browser with a session meets on its way to a page."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authentication import mfa
from accounts.data_requests import pending_deletion
from accounts.impersonation import impersonated_by
from accounts.permissions import impersonation_rules
from accounts.sessions import devices
from accounts.users.models import User
from core import context
from core.api.problems import problem_response
from core.web.middleware import refuse

GetResponse = Callable[[HttpRequest], HttpResponseBase]

NOT_ASKED: Final = ("/_allauth/", "/static/", "/media/", "/health/", "/theme/")
WITHOUT_FACTOR: Final = "/account/"  # where one is set up


class PersonMiddleware:
    """Stands behind authentication, and reads a session only where there is one: strangers' pages are the same for all.

    Whoever acts in another's name gets that person as `request.user`; `request.in_name` says who acts for whom, None
    for who acts as themselves. Whoever closes their account, or must set up a second factor first, is led there and
    gets nowhere else. Now and then it is noted that the browser is in use.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.cookie = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.in_name = None  # type: ignore[attr-defined]
        if self.cookie in request.COOKIES and not request.path.startswith(NOT_ASKED):
            response = self._known(request)
        else:
            response = self.get_response(request)
        if request.session.accessed:
            devices.keep_in_view(request, timezone.now())
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        if getattr(request, "in_name", None) is not None and impersonation_rules.is_closed(request):
            return refuse(request, impersonation_rules.Impersonating())
        return None

    def _known(self, request: HttpRequest) -> HttpResponseBase:
        if impersonated_by.MARK not in request.session or not isinstance(request.user, User):
            return self._led(request)
        in_name = impersonated_by.of(request.session, request.user)
        if in_name is None:
            return self._led(request)
        request.in_name, request.user = in_name, in_name.person  # type: ignore[attr-defined]
        with context.bind(impersonator=in_name.staff.public_id):
            return self._led(request)

    def _led(self, request: HttpRequest) -> HttpResponseBase:
        return pending_deletion.led_elsewhere(request) or _led_to_factors(request) or self.get_response(request)


def _led_to_factors(request: HttpRequest) -> HttpResponseBase | None:
    if request.path.startswith(WITHOUT_FACTOR) or not request.session.get(mfa.MISSING):
        return None
    if request.path.startswith("/api/"):
        return problem_response(HTTPStatus.FORBIDDEN, "factor_missing", _("Set up a second factor first."))
    return redirect("accounts:security")
