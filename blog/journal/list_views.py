"""Lists of posts: all, by tag, by author."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.users.models import User
from blog.journal import etags
from blog.journal.post_page import build_entries
from blog.posts import queries
from blog.posts.models import Post
from blog.tags.models import Tag
from core.keyset_pagination import Page
from core.web.http import PageRequest
from core.web.response_cache import cache_for_anonymous


@cache_for_anonymous
@require_safe
def index(request: PageRequest) -> HttpResponse:
    """The newest posts, with the first one large. Four queries, one of them cached for a second."""
    return etags.conditional_page(request, partial(_render_index, request), queries.get_journal_version())


@cache_for_anonymous
@require_safe
def tag(request: PageRequest, slug: str) -> HttpResponse:
    """Posts with a tag. Redirects from an alias of the tag. At most five queries."""
    found = queries.get_tag_by_slug(slug)
    if found is None:
        raise Http404
    if found.slug != slug:
        return HttpResponsePermanentRedirect(found.get_absolute_url())
    return etags.conditional_page(
        request, partial(_render_tag, request, found), queries.get_journal_version(), found.description
    )


@cache_for_anonymous
@require_safe
def author(request: PageRequest, uid: UUID) -> HttpResponse:
    """Posts by one author. Five queries."""
    person = queries.get_author(uid)
    if person is None:
        raise Http404
    return etags.conditional_page(
        request, partial(_render_author, request, person), queries.get_journal_version(), person.name, person.bio
    )


def _render_index(request: PageRequest) -> HttpResponse:
    page = queries.get_journal_page(request.GET.get("cursor", ""))
    return render(request, "blog/index.html", {**_list_context(page), "tags": queries.get_tags_in_use()})


def _render_tag(request: PageRequest, found: Tag) -> HttpResponse:
    page = queries.get_journal_page(request.GET.get("cursor", ""), tag=found)
    return render(request, "blog/tag.html", {**_list_context(page), "tag": found, "tags": queries.get_tags_in_use()})


def _render_author(request: PageRequest, person: User) -> HttpResponse:
    page = queries.get_journal_page(request.GET.get("cursor", ""), author=person)
    return render(request, "blog/author.html", {**_list_context(page), "person": person})


def _list_context(page: Page[Post]) -> dict[str, Any]:
    return {"page": page, "entries": build_entries(page.items)}
