"""allauth's pages under our names.

Its views put a `site` of their own into the context, the host's name, which would hide the house's: it is taken out.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.urls import urlpatterns as allauth_patterns
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern

View = Callable[..., HttpResponseBase]


def _with_our_site(view: View) -> View:
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse) and response.context_data is not None:
            response.context_data.pop("site", None)
        return response

    return shown


urlpatterns = [
    URLPattern(pattern.pattern, _with_our_site(pattern.callback), pattern.default_args, pattern.name)
    for pattern in allauth_patterns
]
