"""Feeds (RSS 2.0, Atom, JSON Feed 1.1) and the sitemap of the journal.

A post that is not public appears with its excerpt and URL only. Product cards become links, because feeds are read
elsewhere and later. URLs are absolute.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from html import escape, unescape
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import feedgenerator
from django.utils.html import format_html
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from blog.journal import etags
from blog.journal.jsonld import make_absolute
from blog.posts import queries, rendering
from blog.posts.models import Post
from blog.posts.rendering import Contents
from core.composition.cards import Card
from core.context import Grant
from core.media.images import Image
from core.validation.xml_text import drop_non_xml
from core.web.http import PageRequest
from core.web.response_cache import cache_for_anonymous

URL_ATTRIBUTE = re.compile(r'(href|src)="([^"]*)"')
FEED_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
CONTENT_NAMESPACE = "http://purl.org/rss/1.0/modules/content/"


class SafeItemsMixin(feedgenerator.SyndicationFeed):
    """Removes characters that XML does not allow: a single one makes the whole feed unreadable."""

    def add_item(self, *args: Any, **kwargs: Any) -> None:
        super().add_item(*args, **_drop_non_xml(kwargs))


class RssFeed(SafeItemsMixin, feedgenerator.Rss201rev2Feed):
    """RSS with the full text of each item."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:content": CONTENT_NAMESPACE}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["text"]:
            handler.addQuickElement("content:encoded", item["text"])


class AtomFeed(SafeItemsMixin, feedgenerator.Atom1Feed):
    """Atom with the full text of each entry."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["text"]:
            handler.addQuickElement("content", item["text"], {"type": "html"})


@cache_for_anonymous
@require_safe
def rss(request: PageRequest) -> HttpResponse:
    """RSS 2.0. Four queries plus those of the cards; one query for a 304 response."""
    return _respond(request, partial(_render_xml, RssFeed, "rss"))


@cache_for_anonymous
@require_safe
def atom(request: PageRequest) -> HttpResponse:
    """Atom. Four queries plus those of the cards; one query for a 304 response."""
    return _respond(request, partial(_render_xml, AtomFeed, "atom"))


@cache_for_anonymous
@require_safe
def json_feed(request: PageRequest) -> HttpResponse:
    """JSON Feed 1.1. Four queries plus those of the cards; one query for a 304 response."""
    return _respond(request, _render_json)


class PostSitemap(Sitemap):
    """Published posts with the time of their last text change."""

    limit = 5000

    def items(self) -> Any:
        return queries.get_published_cards().order_by(*queries.NEWEST_FIRST)

    def lastmod(self, item: Post) -> datetime:
        return item.updated_at


def _respond(request: PageRequest, draw: Callable[[list[Post], Contents], HttpResponse]) -> HttpResponse:
    changed = queries.get_journal_version()

    def drawn() -> HttpResponse:
        posts = queries.get_feed_posts()
        # All texts share one set of cards, so each kind is resolved once for the whole feed.
        contents = rendering.load_contents([post for post in posts if _is_public(post)], Grant.anonymous())
        response = draw(posts, contents)
        if changed:
            response["Last-Modified"] = http_date(changed.timestamp())
        return response

    return etags.conditional_response(request, drawn, request.path, changed, settings.SITE_URL)


def _render_xml(kind: type[RssFeed] | type[AtomFeed], name: str, posts: list[Post], contents: Contents) -> HttpResponse:
    feed = kind(
        title=_get_title(),
        link=_build_url("blog:index"),
        description=_get_description(),
        language=settings.LANGUAGE_CODE,
        feed_url=_build_url("blog:feed" if name == "rss" else "blog:atom_feed"),
    )
    for post in posts:
        feed.add_item(
            title=post.title,
            link=f"{settings.SITE_URL}{post.get_absolute_url()}",
            description=post.excerpt,
            unique_id=f"urn:uuid:{post.uid}",
            unique_id_is_permalink=False,
            pubdate=post.published_at,
            updateddate=_get_modified_at(post),
            author_name=post.byline,
            categories=[tag.name for tag in post.labels],
            text=_render_text(post, contents),
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=f"{FEED_TYPES[name]}; charset=utf-8")


def _render_json(posts: list[Post], contents: Contents) -> HttpResponse:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _get_title(),
        "description": _get_description(),
        "home_page_url": _build_url("blog:index"),
        "feed_url": _build_url("blog:json_feed"),
        "language": settings.LANGUAGE_CODE,
        "items": [_drop_non_xml(_build_json_item(post, _render_text(post, contents))) for post in posts],
    }
    return JsonResponse(feed, content_type=FEED_TYPES["json"], json_dumps_params={"ensure_ascii": False})


def _build_json_item(post: Post, text: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"urn:uuid:{post.uid}",
        "url": f"{settings.SITE_URL}{post.get_absolute_url()}",
        "title": post.title,
        "summary": post.excerpt,
        "date_modified": _get_modified_at(post).isoformat(),
        "authors": [{"name": author.display_name} for author in post.bylines],
        "tags": [tag.name for tag in post.labels],
        **({"content_html": text} if text else {"content_text": post.excerpt}),
    }
    if post.published_at:
        item["date_published"] = post.published_at.isoformat()
    if post.cover:
        item["image"] = make_absolute(post.cover.image.url, settings.SITE_URL)
    return item


def _get_modified_at(post: Post) -> datetime:
    """Return the later of the last text change and the publication."""
    return max(post.updated_at, post.published_at or post.updated_at)


def _is_public(post: Post) -> bool:
    return post.visibility == Post.Visibility.PUBLIC


def _render_text(post: Post, contents: Contents) -> str:
    """Return the full text for feed readers, or "" when the post is not public."""
    if not _is_public(post):
        return ""
    own = rendering.add_attribution(contents, post)
    filled = rendering.fill_placeholders(post.body_html, own, card=_render_card, picture=_render_image)
    return URL_ATTRIBUTE.sub(partial(_make_absolute, f"{settings.SITE_URL}{post.get_absolute_url()}"), filled)


def _make_absolute(post_url: str, found: re.Match[str]) -> str:
    """Return the attribute with its URL resolved against the post, including `#fn1`, `other/` and `?page=2`."""
    try:
        target = urljoin(post_url, unescape(found[2]))
    except ValueError:  # not a URL, such as `http://[`
        return found[0]
    return f'{found[1]}="{escape(target)}"'


def _drop_non_xml(value: Any) -> Any:
    if isinstance(value, str):
        return drop_non_xml(value)
    if isinstance(value, dict):
        return {name: _drop_non_xml(part) for name, part in value.items()}
    return [_drop_non_xml(part) for part in value] if isinstance(value, list) else value


def _render_card(card: Card | None) -> str:
    return "" if card is None else format_html('<p><a href="{}">{}</a></p>', card.url, card.title)


def _render_image(image: Image) -> str:
    return format_html(
        '<img src="{}" width="{}" height="{}" alt="{}">', image.url, image.width, image.height, image.alt
    )


def _get_title() -> str:
    return _("%(site)s: Journal") % {"site": settings.SITE_NAME}


def _get_description() -> str:
    return _("The journal of %(site)s.") % {"site": settings.SITE_NAME}


def _build_url(route: str) -> str:
    return f"{settings.SITE_URL}{reverse(route)}"
