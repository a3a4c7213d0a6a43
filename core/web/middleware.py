"""What every request passes through: an id, a grant, headers, and refusals turned into answers."""

import time
from collections.abc import Callable
from functools import cache

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from core import context, logs
from core.api.problems import problem_response
from core.context import ANONYMOUS_GRANT, grant_of
from core.errors import DomainError, out_of_range
from core.metrics import definitions
from core.web.error_pages import refuse_input

GetResponse = Callable[[HttpRequest], HttpResponseBase]
NO_FEATURES = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), "
    "midi=(), payment=(), publickey-credentials-create=(self), publickey-credentials-get=(self), usb=()"
)
OWN_POLICY = frozenset({"_csp_exempt", "_csp_config", "_csp_update", "_csp_replace"})  # what its decorators set
QUIET_PATHS = ("/static/", "/media/", "/health/", "/metrics")


class RequestIdMiddleware:
    """Takes the proxy's request id, or makes one; binds it to logs and events and gives it back in the answer.

    Logs and counts the request too: one middleware costs less than three.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_readable = settings.DEBUG

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = context.request_id_from(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        started = time.perf_counter()
        address, agent = request.META.get("REMOTE_ADDR"), request.META.get("HTTP_USER_AGENT", "")
        with context.bind(request_id=request_id, source="http", address=address, agent=agent) as bound:
            response = self.get_response(request)
            if not request.path.startswith(QUIET_PATHS):
                self._note(bound, request, response, time.perf_counter() - started)
        response.headers["X-Request-ID"] = request_id
        return response

    def _note(self, bound: context.Context, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        route = (request.resolver_match.route or "/") if request.resolver_match else "none"  # home's pattern is empty
        method, status, ms = request.method, response.status_code, round(seconds * 1000, 1)
        logs.log_request(bound, is_readable=self.is_readable, method=method, route=route, status=status, ms=ms)
        definitions.count_request(method, route, status, seconds)


class HeadersMiddleware:
    """Headers that Django has no setting for: what the browser may load and use, and what is left of a limit (IETF's
    RateLimit header fields).

    The content policy is that of the settings, put together once. django-csp puts it together for each answer; here
    it is only asked about an answer that has a policy of its own. No policy of this site has a nonce.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.own_policy = CSPMiddleware(get_response)
        self.is_developing = settings.DEBUG  # Django's pages about errors go without a policy

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if self.is_developing or not OWN_POLICY.isdisjoint(vars(response)):
            response = self.own_policy.process_response(request, response)
        else:
            response.headers.setdefault(HEADER, _policy())
        response.headers["Permissions-Policy"] = NO_FEATURES
        if verdict := getattr(request, "rate_limit", None):
            response["RateLimit-Policy"] = f'"api";q={verdict.limit};w={verdict.window}'
            response["RateLimit"] = f'"api";r={verdict.remaining};t={verdict.reset_after}'
        return response


class PageMiddleware:
    """Gives a page `request.grant`: the session's person, or nobody. The API sets its own in authentication.
    Who came without a session stays nobody for this request, even if it makes one.

    A DomainError that a page did not handle becomes an error page with its status; under /api/, a problem.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.cookie = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_known = self.cookie in request.COOKIES
        request.grant = SimpleLazyObject(lambda: grant_of(request)) if is_known else ANONYMOUS_GRANT  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DataError):
            return refuse_input(request, "", str(out_of_range(exception).detail))
        return refuse(request, exception) if isinstance(exception, DomainError) else None


def refuse(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """A refusal as an error page with its status; under /api/, as a problem."""
    if request.path.startswith("/api/"):
        return problem_response(refusal.status, refusal.code, refusal.detail)
    response = render(request, "errors/refused.html", {"refusal": refusal}, status=refusal.status)
    if retry_after := refusal.details.get("retry_after"):
        response["Retry-After"] = str(retry_after)
    return response


@cache
def _policy() -> str:
    return build_policy()
