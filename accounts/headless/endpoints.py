"""Decorator for the headless endpoints: rate limit, locking, access checks, response.

Cookies are ignored: an app sends its own token, so no CSRF token is needed. The app's device token replaces the cookie
that identifies browsers.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from allauth.headless.constants import Client
from allauth.headless.internal import authkit
from allauth.headless.internal.decorators import app_view
from allauth.headless.internal.restkit.response import APIResponse
from allauth.headless.internal.restkit.views import RESTView
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.api.authentication import INVALID_CREDENTIAL_RATE, AccountDeletionPending
from accounts.authentication import app_tokens, mfa
from accounts.authentication import queries as app_queries
from accounts.authentication.app_tokens import TokenUse
from accounts.authentication.locks import lock_session, lock_user
from accounts.authentication.services import app_sessions
from accounts.data_requests.pending_deletion import SESSION_KEY
from accounts.headless import DEVICE_HEADER
from accounts.headless.strategy import issue_token_pair
from accounts.sessions import devices
from accounts.users.models import User
from core import rate_limits
from core.errors import DomainError
from core.validation.json_input import InvalidJSON, parse_json

View = Callable[..., HttpResponseBase]

CALL_RATE: Final = "600/minute"  # of one network; what guards accounts is counted apart
METHODS: Final = ("get", "post", "put", "patch", "delete")
SOCIAL_FLOWS: Final = ("provider_redirect", "provider_token", "provider_signup")


def app_endpoint(view: type[RESTView], *, while_closing: bool = False, for_anybody: bool = False) -> View:
    """Wrap one of the headless views for apps.

    `while_closing`: also available to accounts scheduled for deletion. `for_anybody`: the access token is not checked.
    """
    within = app_view(_guard(view.as_view(client=Client.APP), while_closing=while_closing))

    @csrf_exempt
    @wraps(within)
    def called(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        token, method = request.headers.get(DEVICE_HEADER, ""), request.method
        request.COOKIES = {settings.DEVICE_COOKIE_NAME: token} if token else {}
        request.method = "GET" if method == "HEAD" else method
        try:
            response = answer(request, *args, **kwargs)
        except UpdateError:
            response = _session_gone()
        except DomainError as refusal:
            response = _error_response(refusal)
        finally:
            request.method = method
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    called.reads_body_itself = True  # type: ignore[attr-defined]

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if str(request.method).lower() not in get_methods(view):
            return _method_not_allowed(view)
        rate_limits.require(CALL_RATE, "app", rate_limits.client_key(request))
        return within(request, *args, **kwargs) if for_anybody or _has_valid_token(request) else _invalid_token()

    return called


def get_methods(view: type[RESTView]) -> set[str]:
    """Return the allowed methods. allauth would process the input of other methods too."""
    return {name for name in METHODS if name in view.http_method_names and hasattr(view, name)}


def _guard(view: View, *, while_closing: bool) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not hasattr(request, "held"):
            return _session_gone()  # the key of a person's session is no token
        if not _is_readable(request.body):
            return JsonResponse({"status": 400}, status=400)
        with transaction.atomic():
            if request.method != "GET" and not _lock_for_write(request):
                return _session_gone()
            if request.session.get(SESSION_KEY) and not while_closing:
                raise AccountDeletionPending
            was = request.user.pk
            try:
                response = view(request, *args, **kwargs)
            except DomainError as refusal:
                response = _error_response(refusal)  # what was noted of it stays noted
            _clear_mfa_requirement(request)
            if isinstance(response, APIResponse):
                _finish_response(request, response, is_new=was is None and request.user.is_authenticated)
            if request.session.modified and not request.session.is_empty():
                request.session.save()  # while others still wait for their turn, and not once more after it
                request.session.modified = False
            return response

    return guarded


def _has_valid_token(request: HttpRequest) -> bool:
    """Whether the access token, if there is one, is valid; its session becomes `request.held`. One query."""
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return True
    try:
        content = app_tokens.read_token(TokenUse.ACCESS, given.strip())
    except app_tokens.TokenExpired:
        return False
    held = app_queries.get_app_session(content.session, content.person) if content else None
    if held is None:
        rate_limits.require(INVALID_CREDENTIAL_RATE, "bad-key", rate_limits.client_key(request))
        return False
    request.held = held  # type: ignore[attr-defined]
    return True


def _lock_for_write(request: HttpRequest) -> bool:
    """Serialise writes of one person, or of one session during sign-in; False when the session is gone.

    Locks the person, or the session's row. Reads the session again.
    """
    key, was = request.session.session_key, request.user.pk
    if key is None:
        return True
    if was is not None:
        lock_user(was)
    elif not lock_session(key):
        return False
    request.session = type(request.session)(key)
    authkit.purge_request_user_cache(request)
    return bool(request.user.pk == was)


def _clear_mfa_requirement(request: HttpRequest) -> None:
    """Clear the requirement to set up two-factor authentication once there is a method."""
    if (
        isinstance(request.user, User)
        and request.session.get(mfa.MFA_MISSING_KEY)
        and not mfa.is_mfa_missing(request.user)
    ):
        del request.session[mfa.MFA_MISSING_KEY]


def _finish_response(request: HttpRequest, response: HttpResponse, *, is_new: bool) -> None:
    """Remove primary keys and unserved parts from the response; add tokens after a sign-in."""
    body = json.loads(response.content)
    data = body.get("data")
    if isinstance(data, dict):
        for record in data.get("methods", ()):
            record.pop("id", None)
        if "flows" in data:
            data["flows"] = [flow for flow in data["flows"] if flow["id"] not in SOCIAL_FLOWS]
        data.pop("socialaccount", None)
    if is_new:
        access, refresh = issue_token_pair(
            app_sessions.begin_session(user=cast("User", request.user), device_uid=request.session[devices.DEVICE_KEY])
        )
        known_by = request.COOKIES[settings.DEVICE_COOKIE_NAME]
        body["meta"] |= {"access_token": access, "refresh_token": refresh, "device_token": known_by}
    response.content = json.dumps(body)
    response.cookies.clear()


def _is_readable(body: bytes) -> bool:
    """Whether the body is empty or a JSON object of storable text."""
    try:
        return isinstance(parse_json(body or b"{}"), dict)
    except InvalidJSON:
        return False


def _error_response(refusal: DomainError) -> JsonResponse:
    errors = [{"code": refusal.code, "message": refusal.detail}]
    response = JsonResponse({"status": refusal.status, "errors": errors}, status=refusal.status)
    if retry_after := refusal.details.get("retry_after"):
        response["Retry-After"] = str(retry_after)
    return response


def _method_not_allowed(view: type[RESTView]) -> JsonResponse:
    allowed = ", ".join(sorted(name.upper() for name in get_methods(view)))
    return JsonResponse({"status": 405}, status=405, headers={"Allow": allowed})


def _invalid_token() -> JsonResponse:
    """The access token is invalid or expired and must be refreshed."""
    errors = [{"code": "invalid_token", "message": str(_("Invalid or expired access token."))}]
    body = {"status": 401, "data": {}, "meta": {"is_authenticated": False}, "errors": errors}
    return JsonResponse(body, status=401, headers={"WWW-Authenticate": 'Bearer realm="app", error="invalid_token"'})


def _session_gone() -> JsonResponse:
    """The response of allauth for an ended session."""
    return JsonResponse({"status": 410, "data": {}, "meta": {"is_authenticated": False}}, status=410)
