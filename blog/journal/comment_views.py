"""Views for comments on posts."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from blog.comments import services as commenting
from blog.comments.forms import CommentForm
from blog.comments.models import Comment
from blog.journal.post_page import render_post, thread_context
from blog.posts import queries, rendering
from blog.posts.queries import PostAccess
from core import rate_limits
from core.errors import DomainError, NotFound
from core.forms import add_error
from core.web.http import PageRequest, SeeOther


@require_POST
def comments(request: PageRequest, slug: str) -> HttpResponse:
    """Add a comment. Returns the thread fragment for htmx requests, else redirects to the post."""
    opened = queries.get_post(slug, request.grant)
    if opened is None:
        raise Http404
    if request.grant.user is None:
        return redirect_to_login(f"{opened.post.get_absolute_url()}#respond")
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            rate_limits.require(commenting.RATE_LIMIT, "comment", request.grant.actor.id)
            how = form.circumstances(request)
            comment = commenting.add_comment(
                post_id=opened.post.pk, by=request.grant.actor, how=how, **form.cleaned_data
            )
        except NotFound:
            raise
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            return _respond_to_comment(request, opened, comment)
    if request.htmx:
        return render(request, "blog/comments.html", thread_context(request, opened, form), status=422)
    contents = rendering.load_contents([opened.post], request.grant)
    return render_post(request, opened, contents, comment_form=form, status=422)


@require_POST
def delete_comment(request: PageRequest, uid: UUID) -> HttpResponse:
    """Delete a comment: one's own, or any as a moderator."""
    comment = Comment.objects.visible_to(request.grant).select_related("post").filter(uid=uid).first()
    if comment is None:
        raise Http404
    commenting.delete_comment(comment_id=comment.pk, by=request.grant.actor)
    messages.success(request, _("Comment deleted."))
    return SeeOther(f"{comment.post.get_absolute_url()}#comments")


def _respond_to_comment(request: PageRequest, opened: PostAccess, comment: Comment) -> HttpResponse:
    if comment.status == Comment.Status.PENDING:
        messages.info(request, _("Your comment is awaiting moderation. Only you can see it until it is approved."))
    else:
        messages.success(request, _("Comment published."))
    if request.htmx:
        context = thread_context(request, opened, None)
        return render(request, "blog/comments.html", {**context, "fragment": True})
    return SeeOther(comment.get_absolute_url())
