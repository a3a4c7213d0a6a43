"""The page of a post and the form that publishes it."""

import unicodedata
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from blog.journal import etags
from blog.journal.post_page import render_post
from blog.posts import queries, rendering
from blog.posts.forms import PublicationForm
from blog.posts.models import Post
from blog.posts.services import publishing
from core.context import Grant
from core.errors import Denied, DomainError
from core.forms import add_error
from core.web.http import PageRequest, SeeOther
from core.web.response_cache import cache_for_anonymous


@cache_for_anonymous
@require_safe
def post(request: PageRequest, slug: str) -> HttpResponse:
    """Show a post, or a draft to those who work on it. Redirects from an old slug.

    `?reply=UID` opens the reply form, `?comment=UID` shows the thread of a comment, `?after=UID` the next page of
    comments. Seven queries plus those of the cards; half of them for a 304 response.
    """
    opened = queries.get_post(slug, request.grant)
    if opened is None:
        return HttpResponsePermanentRedirect(reverse("blog:post", args=[_get_moved_slug(slug)]))
    contents = rendering.load_contents([opened.post], request.grant) if opened.readable else rendering.NO_CONTENTS
    draw = partial(render_post, request, opened, contents)
    if not opened.post.is_published:
        return draw()
    return etags.conditional_page(request, draw, opened.post.changed_at, opened.post.lock_version, contents)


def _get_moved_slug(slug: str) -> str:
    """Return the current slug of a post that was moved, or whose slug was typed in decomposed Unicode. Raises
    Http404.
    """
    composed = unicodedata.normalize("NFC", slug)
    if composed != slug and queries.get_post(composed, Grant.anonymous()) is not None:
        return composed
    moved = queries.get_current_slug(composed)
    if moved is None:
        raise Http404
    return moved


@require_POST
def publication(request: PageRequest, slug: str) -> HttpResponse:
    """Publish a post now or schedule it, from the page of a draft."""
    opened = queries.get_post(slug, request.grant)
    if opened is None:
        raise Http404
    form = PublicationForm(request.POST)
    if form.is_valid():
        try:
            _publish(opened.post, form, request)
        except Denied:
            raise
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            return SeeOther(opened.post.get_absolute_url())
    contents = rendering.load_contents([opened.post], request.grant)
    return render_post(request, opened, contents, publication_form=form, status=422)


def _publish(shown: Post, form: PublicationForm, request: PageRequest) -> None:
    publish_at, by = form.cleaned_data["publish_at"], request.grant.actor
    if publish_at is None:
        publishing.publish_post(post_id=shown.pk, by=by)
        messages.success(request, _("Post published."))
    else:
        publishing.schedule_post(post_id=shown.pk, publish_at=publish_at, by=by)
        messages.success(request, _("Post scheduled."))
