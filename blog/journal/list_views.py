"""The journal's lists: everything, one subject, one author."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.users.models import User
from blog.journal import etags
from blog.journal.post_page import entries
from blog.posts import queries
from blog.posts.models import Post
from blog.tags.models import Tag
from core.keyset_pagination import Page
from core.web.http import PageRequest
from core.web.response_cache import cache_for_anonymous


@cache_for_anonymous
@require_safe
def index(request: PageRequest) -> HttpResponse:
    """The newest posts, the first of them large; four queries, one of them once a second."""
    return etags.page(request, partial(_index, request), queries.journal_version())


@cache_for_anonymous
@require_safe
def tag(request: PageRequest, slug: str) -> HttpResponse:
    """Posts about one subject; an older name of it leads here. Five queries at most."""
    found = queries.get_tag_by_slug(slug)
    if found is None:
        raise Http404
    if found.slug != slug:
        return HttpResponsePermanentRedirect(found.get_absolute_url())
    return etags.page(request, partial(_tag, request, found), queries.journal_version(), found.description)


@cache_for_anonymous
@require_safe
def author(request: PageRequest, uid: UUID) -> HttpResponse:
    """What one person has written; five queries."""
    person = queries.author_called(uid)
    if person is None:
        raise Http404
    return etags.page(request, partial(_author, request, person), queries.journal_version(), person.name, person.bio)


def _index(request: PageRequest) -> HttpResponse:
    page = queries.journal_page(request.GET.get("cursor", ""))
    return render(request, "blog/index.html", {**_listing(page), "tags": queries.tags_in_use()})


def _tag(request: PageRequest, found: Tag) -> HttpResponse:
    page = queries.journal_page(request.GET.get("cursor", ""), tag=found)
    return render(request, "blog/tag.html", {**_listing(page), "tag": found, "tags": queries.tags_in_use()})


def _author(request: PageRequest, person: User) -> HttpResponse:
    page = queries.journal_page(request.GET.get("cursor", ""), author=person)
    return render(request, "blog/author.html", {**_listing(page), "person": person})


def _listing(page: Page[Post]) -> dict[str, Any]:
    return {"page": page, "entries": entries(page.items)}
