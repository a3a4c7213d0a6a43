"""Middleware for requests of signed-in people."""

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

SKIPPED_PATHS: Final = ("/_allauth/", "/static/", "/media/", "/health/", "/theme/")
MFA_SETUP_PATH: Final = "/account/"  # where it is set up


class PersonMiddleware:
    """Apply impersonation, pending deletion and the MFA requirement to requests that have a session.

    Runs after authentication. Reads a session only where the cookie is sent, so that pages of anonymous visitors stay
    cacheable. While impersonating, `request.user` is the impersonated person and `request.impersonated_by` names both;
    otherwise it is None. People whose account is pending deletion, or who must set up two-factor authentication, are
    redirected to the page for that. Records the activity of the device from time to time.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.cookie = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.impersonated_by = None  # type: ignore[attr-defined]
        if self.cookie in request.COOKIES and not request.path.startswith(SKIPPED_PATHS):
            response = self._respond_to_session(request)
        else:
            response = self.get_response(request)
        if request.session.accessed:
            devices.record_activity(request, timezone.now())
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        if getattr(request, "impersonated_by", None) is not None and impersonation_rules.is_forbidden(request):
            return refuse(request, impersonation_rules.NotWhileImpersonating())
        return None

    def _respond_to_session(self, request: HttpRequest) -> HttpResponseBase:
        if impersonated_by.SESSION_KEY not in request.session or not isinstance(request.user, User):
            return self._respond(request)
        impersonation = impersonated_by.get_impersonated_by(request.session, request.user)
        if impersonation is None:
            return self._respond(request)
        request.impersonated_by, request.user = impersonation, impersonation.person  # type: ignore[attr-defined]
        with context.bind(impersonator=impersonation.staff.public_id):
            return self._respond(request)

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        return (
            pending_deletion.redirect_if_deletion_pending(request)
            or _redirect_if_mfa_missing(request)
            or self.get_response(request)
        )


def _redirect_if_mfa_missing(request: HttpRequest) -> HttpResponseBase | None:
    if request.path.startswith(MFA_SETUP_PATH) or not request.session.get(mfa.MFA_MISSING_KEY):
        return None
    if request.path.startswith("/api/"):
        return problem_response(HTTPStatus.FORBIDDEN, "factor_missing", _("Set up two-factor authentication first."))
    return redirect("accounts:security")
