"""A page's request as our middleware leaves it, and the answer that follows a POST."""

from django.http import HttpRequest, HttpResponseRedirect
from django_htmx.middleware import HtmxDetails

from core.context import Grant


class PageRequest(HttpRequest):
    """Never made: views of pages annotate their request with it. `grant` is who asks and what they may do.

    `in_name` says in whose name a member of staff asks, None for who asks for themselves.
    """

    grant: Grant
    htmx: HtmxDetails
    request_id: str
    in_name: object | None


class SeeOther(HttpResponseRedirect):
    """After a POST: look at another page with GET (303)."""

    status_code = 303
