"""Errors as pages in our words, as problems under /api/ and for apps, as a toast for a fragment request.

The pages for 400 and 500 stand alone: no database, no static manifest, no context processor. Their one style element
is allowed by its hash in a policy of their own, which is stricter than the site's.
"""

import base64
import hashlib
import json
import re
import sys
from typing import Any, Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from core.api.problems import problem_response
from core.web.trailing_slash import READS

# What a database or a Redis that is away, restarts or is overrun makes of a request.
OUT_OF_REACH: Final = (OperationalError, InterfaceError, RedisError)
RETRY_AFTER: Final = 10
STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400, "bad_request", _("The request could not be understood."), standalone=True)


def refuse_input(request: HttpRequest, name: str, detail: str) -> HttpResponse:
    """400 for input that no view can take. `name` is the parameter or field at fault, "" for the request as a whole."""
    if request.path.startswith("/api/"):
        errors = [{"pointer": f"/{name}", "code": "invalid", "detail": detail}]
        return problem_response(400, "bad_request", detail, **({"errors": errors} if name else {}))
    return _answer(request, 400, "bad_request", detail, standalone=True)


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403, "permission_denied", _("You may not see this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came back without its token: most often a page that lay open for long, or blocked cookies."""
    detail = _("This form has expired. Reload the page and send it once more.")
    return _answer(request, 403, "csrf_failed", detail, template="403_csrf")


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    detail = _("There is nothing here.")
    if not request.path.endswith("/") and request.method not in READS:
        detail = _("There is nothing here. Addresses end with a slash.")
    return _answer(request, 404, "not_found", detail)


def handler429(request: HttpRequest, exception: Exception | None = None, retry_after: int = 60) -> HttpResponse:
    """Too many attempts; `retry_after` in seconds goes into the header and onto the page."""
    detail = _("Too many attempts. Try again in %(seconds)s seconds.") % {"seconds": retry_after}
    response = _answer(request, 429, "rate_limited", detail, retry_after=retry_after)
    response["Retry-After"] = str(retry_after)
    return response


def handler500(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw; but 503 with Retry-After when a part that is needed could not be reached."""
    if isinstance(sys.exception(), OUT_OF_REACH):
        detail = _("This is not available right now. Try again in a moment.")
        response = _answer(request, 503, "unavailable", detail, standalone=True)
        response["Retry-After"] = str(RETRY_AFTER)
        return response
    return _answer(request, 500, "internal_error", _("Something went wrong."), standalone=True)


def _answer(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    *,
    template: str = "",
    standalone: bool = False,
    **context: Any,
) -> HttpResponse:
    if request.path.startswith(("/api/", "/_allauth/")):
        return problem_response(status, code, detail)
    if request.headers.get("HX-Request") == "true":
        toast = json.dumps({"toast": {"text": detail, "level": "error"}})
        return HttpResponse(escape(detail), status=status, headers={"HX-Trigger": toast})
    name = f"errors/{template or status}.html"
    if standalone:
        return _standalone(name, status, getattr(request, "request_id", ""))
    return render(request, name, {"detail": detail, **context}, status=status)


def _standalone(name: str, status: int, request_id: str) -> HttpResponse:
    """A page that needs nothing but its template, with the hash of its style in its policy."""
    page = render_to_string(name, {"request_id": request_id})
    digests = [base64.b64encode(hashlib.sha256(css.encode()).digest()).decode() for css in STYLE.findall(page)]
    styles = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    policy = f"default-src 'none'; style-src {styles}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return HttpResponse(page, status=status, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})
