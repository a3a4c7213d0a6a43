"""A page's request as our middleware leaves it, and the answer that follows a POST."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from core.context import Grant

FRAGMENT_HEADERS = ("HX-Request", "HX-History-Restore-Request")


class PageRequest(HttpRequest):
    """Never made: views of pages annotate their request with it. `grant` is who asks and what they may do.

    `impersonated_by` says in whose name a member of staff asks, None for who asks for themselves.
    """

    grant: Grant
    htmx: HtmxDetails
    request_id: str
    impersonated_by: object | None


class FragmentDetails(HtmxDetails):
    """`request.htmx`: true where htmx will swap the answer into the page.

    A history restore replaces the whole body, so it counts as a request for the whole page. The request makes the
    response depend on these headers, which `FragmentMiddleware` then says in `Vary`.
    """

    is_consulted = False

    def __bool__(self) -> bool:
        self.is_consulted = True
        return super().__bool__() and not self.history_restore_request


class FragmentMiddleware:
    """Sets `request.htmx`; keeps caches from showing a fragment as a page, also in the browser after Back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.htmx = details = FragmentDetails(request)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if details.is_consulted:
            patch_vary_headers(response, FRAGMENT_HEADERS)
        return response


class SeeOther(HttpResponseRedirect):
    """After a POST: look at another page with GET (303)."""

    status_code = 303
