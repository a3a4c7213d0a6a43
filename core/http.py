"""A page's request as our middleware leaves it, for annotations."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from core.context import Grant


class PageRequest(HttpRequest):
    """Never made: views of pages annotate their request with it. `grant` is who asks and what they may do."""

    grant: Grant
    htmx: HtmxDetails
    request_id: str
