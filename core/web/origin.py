"""Cross-site protection for forms on pages that are the same for every stranger, and so carry no token.

A browser says where a POST comes from: `Sec-Fetch-Site`, and `Origin` on every POST. Both are set by the browser and
cannot be set by a page. A request that says neither is refused (OWASP's "verifying origin with standard headers").
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

View = TypeVar("View", bound=Callable[..., HttpResponse])


def is_same_origin(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return site == "same-origin"
    return origin.lower() == f"{request.scheme}://{request.get_host()}".lower()


def same_origin_post(view: View) -> View:
    """Guard a view by where its POST comes from, in place of a CSRF token."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not is_same_origin(request):
            raise PermissionDenied(_("This form was not sent from this site."))
        return view(request, *args, **kwargs)

    return cast("View", guarded)
