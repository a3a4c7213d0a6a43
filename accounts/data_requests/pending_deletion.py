"""Restricts people whose account is scheduled for deletion to the page where they can cancel."""

from http import HTTPStatus
from typing import Any, Final

from allauth.account.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.authentication import login_checks
from accounts.users.models import User
from core.api.problems import problem_response

SESSION_KEY: Final = "closing"  # set in the session at sign-in

ALLOWED_PATHS: Final = ("/account/pending-deletion/", "/account/logout/", "/api/v1/me/closing/", "/pages/")


@receiver(user_logged_in)
def mark_session(request: HttpRequest, user: User, **_: Any) -> None:
    if login_checks.get_login_status(user).is_deletion_pending:
        request.session[SESSION_KEY] = True


def redirect_if_deletion_pending(request: HttpRequest) -> HttpResponseBase | None:
    """Return a response for people whose account is scheduled for deletion, else None. Reads the session."""
    if request.path.startswith(ALLOWED_PATHS) or not request.session.get(SESSION_KEY):
        return None
    if request.path.startswith("/api/"):
        return problem_response(HTTPStatus.FORBIDDEN, "account_closing", _("This account is scheduled for deletion."))
    return redirect("accounts:pending_deletion")
