"""What every request passes through: an id, a grant, headers, and refusals turned into answers."""

import time
from collections.abc import Callable
from functools import cache, partial

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject, empty

from core import context
from core.api.problems import problem_response
from core.context import Grant
from core.errors import DomainError
from core.monitoring import metrics

log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

NO_FEATURES = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), "
    "midi=(), payment=(), publickey-credentials-create=(self), publickey-credentials-get=(self), usb=()"
)
QUIET_PATHS = ("/static/", "/media/", "/health/", "/metrics")


class RequestIdMiddleware:
    """Takes the proxy's request id, or makes one; binds it to logs and events and gives it back in the answer.

    Logs and counts the request too: one middleware costs less than three.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = context.request_id_from(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        started = time.perf_counter()
        address, agent = request.META.get("REMOTE_ADDR"), request.META.get("HTTP_USER_AGENT", "")
        with context.bind(request_id=request_id, source="http", address=address, agent=agent):
            response = self.get_response(request)
            if not request.path.startswith(QUIET_PATHS):
                _note(request, response, time.perf_counter() - started)
        response["X-Request-ID"] = request_id
        return response


class GrantMiddleware:
    """Gives a page `request.grant`: the session's person, or nobody. The API sets its own in authentication."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.grant = SimpleLazyObject(lambda: grant_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


class MessagesMiddleware(MessageMiddleware):
    """Keeps messages for whoever reads or writes one; most requests do neither."""

    def process_request(self, request: HttpRequest) -> None:
        request._messages = SimpleLazyObject(partial(default_storage, request))  # type: ignore[attr-defined]  # noqa: SLF001

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        messages = getattr(request, "_messages", None)
        if getattr(messages, "_wrapped", None) is empty:
            return response
        return super().process_response(request, response)


class HeadersMiddleware:
    """Headers that Django has no setting for; among them what is left of a limit (IETF's RateLimit header fields)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", NO_FEATURES)
        if verdict := getattr(request, "rate_limit", None):
            response["RateLimit-Policy"] = f'"api";q={verdict.limit};w={verdict.window}'
            response["RateLimit"] = f'"api";r={verdict.remaining};t={verdict.reset_after}'
        return response


class ContentPolicyMiddleware(CSPMiddleware):
    """The content policy of the settings, put together once; of an answer that has its own (django-csp's way), anew."""

    def process_request(self, request: HttpRequest) -> None:
        """Nothing: no policy of ours has a nonce."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        has_own = any(name.startswith("_csp_") for name in vars(response))
        if has_own or settings.DEBUG:  # Django's pages about errors, in development, go without one
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, _policy())
        return response


class RefusalMiddleware:
    """A DomainError that a page did not handle becomes an error page with its status; under /api/, a problem."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
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


def grant_of(request: HttpRequest) -> Grant:
    """The grant of a page's request: its session's person, or anonymous."""
    return Grant.session(request.user) if request.user.is_authenticated else Grant.anonymous()


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    route = (request.resolver_match.route or "/") if request.resolver_match else "none"  # home's pattern is empty
    log.info("request", method=request.method, route=route, status=response.status_code, ms=round(seconds * 1000, 1))
    metrics.count_request(request.method, route, response.status_code, seconds)
