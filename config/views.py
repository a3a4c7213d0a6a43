"""Pages made of several apps: home, search and the text pages, and the theme switch of the footer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core.composition import cards
from core.content.models import HomeBlock, TextPage
from core.search import index as search
from core.web.http import PageRequest
from core.web.origin import same_origin_post
from core.web.response_cache import cache_for_anonymous

THEMES = ("light", "dark", "system")
THEME_SECONDS = 365 * 24 * 3600
HITS = 48
SUGGESTIONS = 6
KINDS = {
    "product": gettext_lazy("Pieces"),
    "post": gettext_lazy("Stories"),
    "room": gettext_lazy("Rooms"),
    "page": gettext_lazy("Good to know"),
}


@cache_for_anonymous
@require_safe
def home(request: PageRequest) -> HttpResponse:
    """What staff composed; one query for the blocks and those of each kind of card."""
    blocks = list(HomeBlock.objects.showing(timezone.now()).select_related("picture", "dark_picture"))
    pairs = [(block.card_kind, card_id) for block in blocks for card_id in block.card_ids]
    found = cards.resolve(pairs, request.grant)
    filled = [
        (block, [found[pair] for card_id in block.card_ids if (pair := (block.card_kind, card_id)) in found])
        for block in blocks
    ]
    opening = next((block for block in blocks if block.kind == HomeBlock.Kind.HERO), None)
    return render(request, "home.html", {"blocks": filled, "opening": opening})


@require_safe
def search_page(request: PageRequest) -> HttpResponse:
    """What this viewer may find, best first, as cards where the app that owns a hit gives one."""
    q = request.GET.get("q", "").strip()[: search.MAX_QUERY_LENGTH]
    kind = asked if (asked := request.GET.get("kind", "")) in search.kinds() else ""
    found = search.find(q, request.grant, [kind] if kind else None, HITS, is_counting_all=True)
    resolved = cards.resolve([(hit.kind, hit.public_id) for hit in found.hits], request.grant)
    context = {
        "q": q,
        "kind": kind,
        "tabs": _tabs(q, kind, found.kinds),
        "found": found,
        "total": found.kinds.get(kind, 0) if kind else found.total,
        "hits": [(hit, resolved.get((hit.kind, hit.public_id))) for hit in found.hits],
    }
    return render(request, "search/results.html" if request.htmx else "search/page.html", context)


@require_safe
def search_suggestions(request: PageRequest) -> HttpResponse:
    """The best few of what this viewer may find, while they type."""
    q = request.GET.get("q", "").strip()[: search.MAX_QUERY_LENGTH]
    found = search.find(q, request.grant, limit=SUGGESTIONS)
    hits = [(hit, KINDS.get(hit.kind, hit.kind)) for hit in found.hits]
    return render(request, "search/suggestions.html", {"q": q, "hits": hits})


@cache_for_anonymous
@require_safe
def text_page(request: PageRequest, slug: str) -> HttpResponse:
    """About, delivery, returns, privacy and other pages that staff wrote; one query."""
    return render(request, "pages/page.html", {"page": get_object_or_404(TextPage, slug=slug)})


@require_POST
@same_origin_post
def set_theme(request: PageRequest) -> HttpResponse:
    """Remember light, dark or the system's choice in a cookie, and go back to the page."""
    response = HttpResponseRedirect(_page_before(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            "theme", theme, max_age=THEME_SECONDS, secure=settings.SECURE, httponly=True, samesite="Lax"
        )
    return response


@require_safe
def robots(request: PageRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /account/",
        "Disallow: /shop/cart/",
        "Disallow: /shop/checkout/",
        "Disallow: /search/",
    ]
    return HttpResponse("\n".join([*lines, f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""]), content_type="text/plain")


def _tabs(q: str, kind: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """All, and one tab for each kind that has hits or is chosen."""
    kinds = sorted({*counts, kind} - {""}, key=[*KINDS, *counts, kind].index)
    return [
        {
            "label": KINDS.get(one, one) if one else _("Everything"),
            "url": f"{reverse('search')}?{urlencode({'q': q, 'kind': one} if one else {'q': q})}",
            "current": one == kind,
            "count": counts.get(one, 0) if one else sum(counts.values()),
        }
        for one in ("", *kinds)
    ]


def _page_before(request: PageRequest) -> str:
    """Where the form was sent from, on this site and nowhere else."""
    before = urlsplit(request.headers.get("Referer", ""))
    path = f"{before.path}?{before.query}" if before.query else before.path
    return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"
