"""Answer 304 to strangers who have the page as it still is.

Only for requests whose page depends on nothing but the address, the language and the theme: those that carry no other
cookie. What a version leaves out (a new name of an author, a picture's renditions) shows after a few minutes.
"""

import hashlib
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.templatetags.static import static
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import quote_etag
from django.utils.translation import get_language

from core.web.http import PageRequest

ETAG_LIFETIME_SECONDS = 300
THEME_COOKIE = "theme"


def conditional_page(request: PageRequest, draw: Callable[[], HttpResponse], *version: object) -> HttpResponse:
    """The page, or 304 if the stranger's copy is of the same version; `draw` is called only when it is needed."""
    if request.COOKIES.keys() - {THEME_COOKIE}:
        response = draw()
        patch_cache_control(response, private=True, no_cache=True)
        return response
    seen = (
        request.get_full_path(),
        request.COOKIES.get(THEME_COOKIE),
        get_language(),
        int(time.time()) // ETAG_LIFETIME_SECONDS,
    )
    response = conditional_response(request, draw, *version, *seen)
    patch_vary_headers(response, ["Cookie"])
    return response


def conditional_response(request: PageRequest, draw: Callable[[], HttpResponse], *version: object) -> HttpResponse:
    """The response with an ETag of `version` and of this release, or 304 to those who have it; caches ask each time."""
    etag = quote_etag(hashlib.sha256(repr((*version, release_digest())).encode()).hexdigest()[:32])
    found = get_conditional_response(request, etag=etag)
    response = found if isinstance(found, HttpResponse) else draw()
    response["ETag"] = etag
    patch_cache_control(response, public=True, no_cache=True)
    return response


def release_digest() -> str:
    """What pages look like now: changes with every template, script, stylesheet and translation."""
    return _release_digest.__wrapped__() if settings.DEBUG else _release_digest()


@cache
def _release_digest() -> str:
    digest = hashlib.sha256(static("css/site.css").encode())
    base = Path(settings.BASE_DIR)
    for folder, pattern in (("templates", "*.html"), ("static", "*.js"), ("static", "*.css"), ("locale", "*.mo")):
        for path in sorted((base / folder).rglob(pattern)):
            digest.update(str(path.relative_to(base)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
