"""Build the page of a post for any view."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control

from blog.comments import queries as comment_queries
from blog.comments.forms import CommentForm
from blog.journal import jsonld
from blog.posts import queries, rendering
from blog.posts.cards import post_card
from blog.posts.forms import PublicationForm
from blog.posts.models import Post
from blog.posts.queries import PostAccess, PostNames
from blog.posts.rendering import Contents
from core.composition.cards import Card
from core.media.images import Image
from core.web.http import PageRequest

TOC_HEADING_LEVEL, TOC_MIN_HEADINGS = 2, 3
STORY_SIZES = "(min-width: 48rem) 42rem, 100vw"


@dataclass(frozen=True, slots=True)
class Entry:
    """A post in a list."""

    post: Post
    card: Card
    names: PostNames


def build_entries(posts: Sequence[Post]) -> list[Entry]:
    """Return posts as list entries. One query."""
    names = queries.get_post_names(posts)
    return [Entry(post, post_card(post), names[post.pk]) for post in posts]


def render_post(
    request: PageRequest,
    opened: PostAccess,
    contents: Contents,
    *,
    comment_form: CommentForm | None = None,
    publication_form: PublicationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the page of a post, with forms that failed validation. Responses for unpublished posts must not be
    stored.
    """
    shown = queries.attach_authors_and_tags(opened.post)
    credited = rendering.add_attribution(contents, shown)
    context = {
        **thread_context(request, opened, comment_form),
        "story": _render_body(request, shown, credited) if opened.readable else "",
        "toc": shown.toc if opened.readable and _needs_toc(shown) else [],
        "related": [post_card(other) for other in queries.get_related_posts(shown)] if shown.is_published else [],
        "jsonld": jsonld.article_script(shown, site=settings.SITE_URL, name=settings.SITE_NAME)
        if shown.is_published
        else "",
        "publication_form": publication_form or PublicationForm(),
    }
    response = render(request, "blog/post.html", context, status=status)
    if not shown.is_published:
        patch_cache_control(response, private=True, no_store=True)
    return response


def thread_context(request: PageRequest, opened: PostAccess, form: CommentForm | None) -> dict[str, Any]:
    """Return the context for comments.html."""
    reply = _parse_uid(form["parent"].value() if form else request.GET.get("reply"))
    thread = None
    if opened.post.is_published and opened.readable:
        after, at = _parse_uid(request.GET.get("after")), _parse_uid(request.GET.get("comment"))
        thread = comment_queries.get_thread(opened.post, request.grant, after=after, at=at)
    return {
        "opened": opened,
        "post": opened.post,
        "thread": thread,
        "reply": comment_queries.get_comment(opened.post, reply) if reply else None,
        "comment_form": form or CommentForm(initial={"parent": reply}),
        "can_moderate": request.grant.actor.can("blog.moderate_comment"),
    }


def _render_body(request: PageRequest, shown: Post, contents: Contents) -> str:
    def card(found: Card | None) -> str:
        return render_to_string("components/embed.html", {"card": found}, request)

    def picture(image: Image) -> str:
        return render_to_string("blog/picture.html", {"image": image, "sizes": STORY_SIZES})

    return rendering.fill_placeholders(shown.body_html, contents, card=card, picture=picture)


def _needs_toc(shown: Post) -> bool:
    return len([entry for entry in shown.toc if entry["level"] == TOC_HEADING_LEVEL]) >= TOC_MIN_HEADINGS


def _parse_uid(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
