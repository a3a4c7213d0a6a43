"""Limits of request parameters of the OAuth provider. Requests beyond them are rejected with 400."""

from base64 import b64decode
from typing import Any, Final
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from core.validation.text import is_storable
from core.web.input_guard import malformed_name

DEFAULT_LENGTH: Final = 1000
MAX_LENGTHS: Final = {
    "client_id": 100,
    "claims": 4000,
    "code_challenge": 128,
    "code_challenge_method": 10,
    "code_verifier": 128,
    "device_code": 100,
    "id_token_hint": 8000,
    "nonce": 255,
    "post_logout_redirect_uri": 2000,
    "redirect_uri": 2000,
    "resource": 500,
    "state": 2000,
    "token": 8000,
    "user_code": 100,
}
MAX_VALUES: Final = 10  # of one parameter that may be repeated
RESPONSE_MODES: Final = ("query",)
CREDENTIALS: Final = ("client_id", "client_secret")


def find_problem(request: HttpRequest) -> str:
    """Return what is wrong with the parameters, for developers; "" where nothing is."""
    for given in (request.GET, request.POST):
        for name, values in given.lists():
            if len(values) > MAX_VALUES:
                return _("%(name)s is repeated too often.") % {"name": name[:100]}
            longest = MAX_LENGTHS.get(name, DEFAULT_LENGTH)
            if any(len(value) > longest for value in values):
                text = _("%(name)s is too long: at most %(most)d characters.")
                return text % {"name": name[:100], "most": longest}
        if any(mode not in RESPONSE_MODES for mode in given.getlist("response_mode")):
            return _("response_mode must be query.")
    return ""


def find_malformed(request: HttpRequest) -> str | None:
    """Return the name of a parameter that contains NUL, including the Basic header; else None."""
    if (name := malformed_name(request)) is not None:
        return name
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        credentials = unquote_plus(b64decode(given).decode(errors="replace"))
    except ValueError:
        return None
    return None if is_storable(credentials) else CREDENTIALS[0]


class BoundedParametersMixin:
    """Rejects such requests as `invalid_request`, in JSON. For endpoints that apps call."""

    refuses_malformed_input = True

    @method_decorator(csrf_exempt)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.dispatch_bounded(request, *args, **kwargs)

    def dispatch_bounded(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if (name := find_malformed(request)) is not None:
            return self.refuse_malformed(request, name)
        if problem := find_problem(request):
            return self.refuse(request, problem)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # the view's
        return response

    def refuse(self, request: HttpRequest, problem: str) -> HttpResponseBase:
        return JsonResponse({"error": "invalid_request", "error_description": problem}, status=400)

    def refuse_malformed(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """A client of such an id or secret cannot exist (RFC 6749, 5.2); any other parameter is a bad request."""
        if name not in CREDENTIALS:
            return self.refuse(request, get_malformed_message(name))
        challenge = {"WWW-Authenticate": 'Basic realm="oauth"'}
        return JsonResponse({"error": "invalid_client"}, status=401, headers=challenge)


class BoundedPageMixin(BoundedParametersMixin):
    """Rejects such requests with a page and without a redirect. Its forms carry a CSRF token."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.dispatch_bounded(request, *args, **kwargs)

    def refuse(self, request: HttpRequest, problem: str) -> HttpResponseBase:
        context = {"error": {"error": "invalid_request", "description": problem}}
        return render(request, "oauth2_provider/authorize.html", context, status=400)

    def refuse_malformed(self, request: HttpRequest, name: str) -> HttpResponseBase:
        return self.refuse(request, get_malformed_message(name))


def get_malformed_message(name: str) -> str:
    return _("%(name)s holds a character that is not allowed.") % {"name": name}
