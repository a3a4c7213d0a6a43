"""The journal for feed readers (RSS 2.0, Atom, JSON Feed 1.1) and its part of the sitemap.

A text that not everybody may read is in no feed: its excerpt and address are. Cards become links, since a feed is read
elsewhere and later; addresses are absolute.
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
from blog.journal.jsonld import absolute
from blog.posts import queries, rendering
from blog.posts.models import Post
from blog.posts.rendering import Contents
from core.composition.cards import Card
from core.context import Grant
from core.media.images import Image
from core.validation.xml_text import drop_non_xml
from core.web.http import PageRequest
from core.web.response_cache import cache_for_anonymous

ADDRESS = re.compile(r'(href|src)="([^"]*)"')
FEED_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
CONTENT = "http://purl.org/rss/1.0/modules/content/"


class StrictItems(feedgenerator.SyndicationFeed):
    """Items without characters that XML cannot hold: one of them, and no reader can read the feed."""

    def add_item(self, *args: Any, **kwargs: Any) -> None:
        super().add_item(*args, **_storable(kwargs))


class Rss(StrictItems, feedgenerator.Rss201rev2Feed):
    """RSS whose items carry the whole text beside the excerpt."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:content": CONTENT}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["text"]:
            handler.addQuickElement("content:encoded", item["text"])


class Atom(StrictItems, feedgenerator.Atom1Feed):
    """Atom whose entries carry the whole text beside the excerpt."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["text"]:
            handler.addQuickElement("content", item["text"], {"type": "html"})


@cache_for_anonymous
@require_safe
def rss(request: PageRequest) -> HttpResponse:
    """RSS 2.0; four queries and those of the cards, one when the reader has it."""
    return _answer(request, partial(_xml, Rss, "rss"))


@cache_for_anonymous
@require_safe
def atom(request: PageRequest) -> HttpResponse:
    """Atom; four queries and those of the cards, one when the reader has it."""
    return _answer(request, partial(_xml, Atom, "atom"))


@cache_for_anonymous
@require_safe
def json_feed(request: PageRequest) -> HttpResponse:
    """JSON Feed 1.1; four queries and those of the cards, one when the reader has it."""
    return _answer(request, _json)


class PostSitemap(Sitemap):
    """Published posts, with when their text last changed."""

    limit = 5000

    def items(self) -> Any:
        return queries.journal_covers().order_by(*queries.NEWEST_FIRST)

    def lastmod(self, item: Post) -> datetime:
        return item.updated_at


def _answer(request: PageRequest, draw: Callable[[list[Post], Contents], HttpResponse]) -> HttpResponse:
    changed = queries.journal_version()

    def drawn() -> HttpResponse:
        posts = queries.feed_posts()
        # All texts are filled from one set of cards: what they name is asked once for the whole feed.
        contents = rendering.contents_of([post for post in posts if _is_open(post)], Grant.anonymous())
        response = draw(posts, contents)
        if changed:
            response["Last-Modified"] = http_date(changed.timestamp())
        return response

    return etags.conditional(request, drawn, request.path, changed, settings.SITE_URL)


def _xml(kind: type[Rss] | type[Atom], name: str, posts: list[Post], contents: Contents) -> HttpResponse:
    feed = kind(
        title=_title(),
        link=_here("blog:index"),
        description=_description(),
        language=settings.LANGUAGE_CODE,
        feed_url=_here("blog:feed" if name == "rss" else "blog:atom_feed"),
    )
    for post in posts:
        feed.add_item(
            title=post.title,
            link=f"{settings.SITE_URL}{post.get_absolute_url()}",
            description=post.excerpt,
            unique_id=f"urn:uuid:{post.uid}",
            unique_id_is_permalink=False,
            pubdate=post.published_at,
            updateddate=_changed_at(post),
            author_name=post.byline,
            categories=[tag.name for tag in post.labels],
            text=_text(post, contents),
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=f"{FEED_TYPES[name]}; charset=utf-8")


def _json(posts: list[Post], contents: Contents) -> HttpResponse:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(),
        "description": _description(),
        "home_page_url": _here("blog:index"),
        "feed_url": _here("blog:json_feed"),
        "language": settings.LANGUAGE_CODE,
        "items": [_storable(_json_item(post, _text(post, contents))) for post in posts],
    }
    return JsonResponse(feed, content_type=FEED_TYPES["json"], json_dumps_params={"ensure_ascii": False})


def _json_item(post: Post, text: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"urn:uuid:{post.uid}",
        "url": f"{settings.SITE_URL}{post.get_absolute_url()}",
        "title": post.title,
        "summary": post.excerpt,
        "date_modified": _changed_at(post).isoformat(),
        "authors": [{"name": author.display_name} for author in post.bylines],
        "tags": [tag.name for tag in post.labels],
        **({"content_html": text} if text else {"content_text": post.excerpt}),
    }
    if post.published_at:
        item["date_published"] = post.published_at.isoformat()
    if post.cover:
        item["image"] = absolute(post.cover.image.url, settings.SITE_URL)
    return item


def _changed_at(post: Post) -> datetime:
    """A post that was written before it was published has not changed since."""
    return max(post.updated_at, post.published_at or post.updated_at)


def _is_open(post: Post) -> bool:
    return post.visibility == Post.Visibility.PUBLIC


def _text(post: Post, contents: Contents) -> str:
    """The text as a stranger may read it, fit for other places; empty when it is not for everybody."""
    if not _is_open(post):
        return ""
    own = rendering.credited(contents, post)
    filled = rendering.fill(post.body_html, own, card=_card, picture=_picture)
    return ADDRESS.sub(partial(_resolved, f"{settings.SITE_URL}{post.get_absolute_url()}"), filled)


def _resolved(post_url: str, found: re.Match[str]) -> str:
    """An address of the text as it is from anywhere: also `#fn1`, `other/` and `?page=2`."""
    try:
        target = urljoin(post_url, unescape(found[2]))
    except ValueError:  # no address at all, as `http://[`
        return found[0]
    return f'{found[1]}="{escape(target)}"'


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return drop_non_xml(value)
    if isinstance(value, dict):
        return {name: _storable(part) for name, part in value.items()}
    return [_storable(part) for part in value] if isinstance(value, list) else value


def _card(card: Card | None) -> str:
    return "" if card is None else format_html('<p><a href="{}">{}</a></p>', card.url, card.title)


def _picture(image: Image) -> str:
    return format_html(
        '<img src="{}" width="{}" height="{}" alt="{}">', image.url, image.width, image.height, image.alt
    )


def _title() -> str:
    return _("%(site)s: Journal") % {"site": settings.SITE_NAME}


def _description() -> str:
    return _("The journal of %(site)s.") % {"site": settings.SITE_NAME}


def _here(route: str) -> str:
    return f"{settings.SITE_URL}{reverse(route)}"
