"""Pages of strangers are drawn once a second in each process, however many ask.

A visitor without credentials and without cookies but the theme's sees the same page as all others who request the
address. So the answer is kept for `MICROCACHE_SECONDS` (one), in the memory of each process: no invalidation is needed,
since nothing is staler, and Redis is not asked. While one request renders a page again, others get the copy that has
just run out, for one second more at most; where there is none, they wait for the new one, `WAIT_SECONDS` at most. A
view says by `for_strangers` that its page may be shared; the rest is checked here.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from threading import Event, Lock
from typing import Any, TypeGuard, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import quote_etag

View = TypeVar("View", bound=Callable[..., HttpResponse])
Key = tuple[str, ...]

THEME = "theme"
KNOWN_VARIATIONS = frozenset({"cookie", "hx-request", "hx-history-restore-request", "accept-language"})
MAX_PAGE_BYTES = 256 * 1024  # bytes of one page
MAX_TOTAL_BYTES = 8 * 1024 * 1024  # bytes of all pages a process keeps
MAX_QUERY_LENGTH = 512
WAIT_SECONDS = 2  # for another request's page; then this request renders its own


def cache_for_anonymous(view: View) -> View:
    """Mark a view whose page depends on the address and the theme alone for visitors without a session and a cart."""

    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        response.is_for_strangers = True  # type: ignore[attr-defined]
        return response

    marked.is_for_strangers = True  # type: ignore[attr-defined]
    return cast("View", marked)


@dataclass(slots=True)
class CacheEntry:
    """An answer as it left the view and the middleware within; `until` is when it has run out, by the process clock."""

    content: bytes
    headers: list[tuple[str, str]]
    match: ResolverMatch | None
    until: float

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The cached page, or 304 if the client has it."""
        request.resolver_match = self.match  # what logs and counts call the request
        response = HttpResponse(self.content)
        for name, value in self.headers:
            response.headers[name] = value
        return _unless_known(request, response)


@dataclass(slots=True)
class Drawing:
    """A page that one request draws and others wait for. `kept` is None where it turned out not to be shareable."""

    done: Event = field(default_factory=Event)
    kept: CacheEntry | None = None


@dataclass(slots=True)
class ResponseCache:
    """The answers of one process, the longest unused given up first."""

    room: int = MAX_TOTAL_BYTES
    kept: OrderedDict[Key, CacheEntry] = field(default_factory=OrderedDict)
    drawn: dict[Key, Drawing] = field(default_factory=dict)
    size: int = 0
    lock: Lock = field(default_factory=Lock)

    def take(self, key: Key, now: float) -> CacheEntry | Drawing | None:
        """The copy to answer with, or another's drawing to wait for; None where the caller is to draw the page."""
        if not settings.MICROCACHE_SECONDS:
            return None
        with self.lock:
            found, drawing = self.kept.get(key), self.drawn.get(key)
            if found is not None:
                self.kept.move_to_end(key)
                if now < found.until or (drawing and now < found.until + settings.MICROCACHE_SECONDS):
                    return found
            if drawing is None:
                self.drawn[key] = Drawing()
            return drawing

    def put(self, key: Key, new: CacheEntry | None) -> None:
        """Keep a new copy in place of the old one; None to forget it."""
        with self.lock:
            if drawing := self.drawn.pop(key, None):
                drawing.kept = new
                drawing.done.set()
            if old := self.kept.pop(key, None):
                self.size -= len(old.content)
            if new is None:
                return
            self.kept[key] = new
            self.size += len(new.content)
            while self.size > self.room:
                self.size -= len(self.kept.popitem(last=False)[1].content)


class ResponseCacheMiddleware:
    """Stands within what belongs to one request (its id, its log line) and before all that costs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.shelf = ResponseCache()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_stranger(request) or not is_for_strangers(request.path_info, settings.ROOT_URLCONF):
            return self.get_response(request)
        key = key_of(request)
        found = self.shelf.take(key, time.monotonic())
        if isinstance(found, Drawing):
            found.done.wait(WAIT_SECONDS)
            found = found.kept or self.shelf.take(key, time.monotonic())
        if isinstance(found, CacheEntry):
            return found.answer(request)
        return self._draw(request, key)

    def _draw(self, request: HttpRequest, key: Key) -> HttpResponseBase:
        fresh: CacheEntry | None = None
        now = time.monotonic()
        try:
            response = self.get_response(request)
            if not is_shareable(response):
                return response
            tag(response)
            if settings.MICROCACHE_SECONDS and len(response.content) <= MAX_PAGE_BYTES:
                fresh = _kept(request, response, now + settings.MICROCACHE_SECONDS)
        finally:
            self.shelf.put(key, fresh)
        return _unless_known(request, response)


@lru_cache(1024)
def is_for_strangers(path: str, urlconf: str) -> bool:
    """Whether the view at an address says that its page may be shared; only for such a page may a request wait."""
    try:
        return bool(getattr(resolve(path, urlconf).func, "is_for_strangers", False))
    except Resolver404:
        return False


def is_stranger(request: HttpRequest) -> bool:
    """Whether nothing about the request says who asks."""
    meta = request.META
    if request.method != "GET" or "HTTP_AUTHORIZATION" in meta or len(meta.get("QUERY_STRING", "")) > MAX_QUERY_LENGTH:
        return False
    return not meta.get("HTTP_COOKIE") or request.COOKIES.keys() <= {THEME}


def key_of(request: HttpRequest) -> Key:
    """All that a stranger's page may depend on."""
    meta = request.META
    return (
        request.path_info,
        meta.get("QUERY_STRING", ""),
        meta.get("HTTP_HOST", ""),
        request.scheme or "",
        meta.get("HTTP_HX_REQUEST", ""),
        meta.get("HTTP_HX_HISTORY_RESTORE_REQUEST", ""),
        request.COOKIES.get(THEME, "") if meta.get("HTTP_COOKIE") else "",
        meta.get("HTTP_ACCEPT_LANGUAGE", "") if len(settings.LANGUAGES) > 1 else "",
    )


def is_shareable(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    """Whether an answer to a stranger is whole, right for every other stranger, and says so."""
    if not getattr(response, "is_for_strangers", False) or not isinstance(response, HttpResponse):
        return False
    if response.status_code != 200 or response.cookies:  # noqa: PLR2004  OK
        return False
    if "private" in response.get("Cache-Control", "") or "no-store" in response.get("Cache-Control", ""):
        return False
    varies = {name.strip().lower() for name in response.get("Vary", "").split(",")} - {""}
    return varies <= KNOWN_VARIATIONS


def tag(response: HttpResponse) -> None:
    """Give a page that has none an ETag of its content; caches may keep it but ask each time."""
    if not response.has_header("ETag"):
        response["ETag"] = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
        patch_cache_control(response, public=True, no_cache=True)
    patch_vary_headers(response, ["Cookie"])


def _kept(request: HttpRequest, response: HttpResponse, until: float) -> CacheEntry:
    return CacheEntry(response.content, list(response.items()), request.resolver_match, until)


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if "HTTP_IF_NONE_MATCH" not in request.META:
        return response
    return cast("HttpResponse", get_conditional_response(request, etag=response["ETag"], response=response))
