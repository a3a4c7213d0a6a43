"""Answer 304 to anonymous visitors whose copy of a page is current.

Applies only to requests whose page depends on nothing but the URL, the language and the theme, which are those without
any other cookie. Changes that a version does not cover (an author's new name, new image renditions) show after a few
minutes.
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
    """Return the page, or 304 if the visitor has this version. `draw` is called only when needed."""
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
    """Return the response with an ETag made of `version` and the release, or 304. Caches must revalidate."""
    etag = quote_etag(hashlib.sha256(repr((*version, release_digest())).encode()).hexdigest()[:32])
    found = get_conditional_response(request, etag=etag)
    response = found if isinstance(found, HttpResponse) else draw()
    response["ETag"] = etag
    patch_cache_control(response, public=True, no_cache=True)
    return response


def release_digest() -> str:
    """Return a digest of all templates, scripts, stylesheets and translations."""
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
