"""Bounds of what a request of the provider may carry: what is longer than its column or its use is refused as 400."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

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


def problem_in(request: HttpRequest) -> str:
    """What is wrong with the parameters of a request, in words for its makers; "" where nothing is."""
    for given in (request.GET, request.POST):
        for name, values in given.lists():
            if len(values) > MAX_VALUES:
                return _("%(name)s is given too often.") % {"name": name[:100]}
            longest = MAX_LENGTHS.get(name, DEFAULT_LENGTH)
            if any(len(value) > longest for value in values):
                text = _("%(name)s is too long: at most %(most)d characters.")
                return text % {"name": name[:100], "most": longest}
        if any(mode not in RESPONSE_MODES for mode in given.getlist("response_mode")):
            return _("response_mode must be query.")
    return ""


class Bounded:
    """Refuses a request with such parameters as `invalid_request`, as JSON. For endpoints that programs call."""

    @method_decorator(csrf_exempt)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.dispatch_bounded(request, *args, **kwargs)

    def dispatch_bounded(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if problem := problem_in(request):
            return self.refuse(request, problem)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # the view's
        return response

    def refuse(self, request: HttpRequest, problem: str) -> HttpResponseBase:
        return JsonResponse({"error": "invalid_request", "error_description": problem}, status=400)


class BoundedPage(Bounded):
    """Refuses it with a page: nobody is sent anywhere. Its forms carry a CSRF token."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.dispatch_bounded(request, *args, **kwargs)

    def refuse(self, request: HttpRequest, problem: str) -> HttpResponseBase:
        context = {"error": {"error": "invalid_request", "description": problem}}
        return render(request, "oauth2_provider/authorize.html", context, status=400)
