"""Pages made of several apps: home and search, and the theme switch of the footer."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from core import cards, search
from core.http import PageRequest
from core.models import HomeBlock
from core.origin import same_origin_post

THEMES = ("light", "dark", "system")
THEME_SECONDS = 365 * 24 * 3600
HITS = 48


@require_GET
def home(request: PageRequest) -> HttpResponse:
    """What staff composed; one query for the blocks and those of each kind of card."""
    blocks = list(HomeBlock.objects.showing(timezone.now()).select_related("picture", "dark_picture"))
    pairs = [(block.card_kind, card_id) for block in blocks for card_id in block.card_ids]
    found = cards.resolve(pairs, request.grant)
    filled = [
        (block, [found[pair] for card_id in block.card_ids if (pair := (block.card_kind, card_id)) in found])
        for block in blocks
    ]
    return render(request, "home.html", {"blocks": filled})


@require_GET
def search_page(request: PageRequest) -> HttpResponse:
    """What this viewer may find, as cards where the app that owns a hit gives one."""
    q = request.GET.get("q", "").strip()[: search.LONGEST_QUERY]
    kind = request.GET.get("kind", "")
    kinds = search.kinds()
    found = search.find(q, request.grant, [kind] if kind in kinds else None, HITS)
    resolved = cards.resolve([(hit.kind, hit.public_id) for hit in found.hits], request.grant)
    hits = [(hit, resolved.get((hit.kind, hit.public_id))) for hit in found.hits]
    context = {"q": q, "kind": kind if kind in kinds else "", "kinds": kinds, "found": found, "hits": hits}
    template = "search/results.html" if request.htmx else "search/page.html"
    return render(request, template, context)


@require_POST
@same_origin_post
def set_theme(request: PageRequest) -> HttpResponse:
    """Remember light, dark or the system's choice in a cookie, and go back to the page."""
    back = urlsplit(request.headers.get("Referer", "")).path or "/"
    response = HttpResponseRedirect(back if back.startswith("/") and not back.startswith("//") else "/")
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            "theme", theme, max_age=THEME_SECONDS, secure=settings.SECURE, httponly=True, samesite="Lax"
        )
    return response


@require_GET
def robots(request: PageRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /account/",
        "Disallow: /shop/cart/",
        "Disallow: /shop/checkout/",
        "Disallow: /search/",
    ]
    return HttpResponse("\n".join([*lines, f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""]), content_type="text/plain")
