"""Structured data (schema.org) for posts."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from blog.posts.models import Post

# Inside <script> only these characters can end the block or begin another.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def article_script(post: Post, *, site: str, name: str) -> SafeString:
    """Return an Article as a script element, escaped so that no content can end it. `site` is the origin for our own
    URLs.
    """
    url = f"{site}{post.get_absolute_url()}"
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": post.title,
        "description": post.description,
        "url": url,
        "mainEntityOfPage": url,
        "dateModified": post.updated_at.isoformat(),
        "author": [{"@type": "Person", "name": author.display_name} for author in post.bylines],
        "publisher": {"@type": "Organization", "name": name, "url": site},
        "isAccessibleForFree": post.visibility == Post.Visibility.PUBLIC,
        "keywords": [tag.name for tag in post.labels],
        "commentCount": post.comment_count,
        "wordCount": post.word_count,
    }
    if post.published_at:
        found["datePublished"] = post.published_at.isoformat()
    if post.cover:
        found["image"] = make_absolute(post.cover.image.url, site)
    text = json.dumps(found, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


def make_absolute(url: str, site: str) -> str:
    """Return the URL with an origin. Media may be hosted elsewhere and already have one."""
    return url if "://" in url else f"{site}{url}"
