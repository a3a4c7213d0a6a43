"""Comments in the moderation queue."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.moderation import registry as moderation
from accounts.moderation.registry import ContentSource, ReportedContent, ReportTarget
from blog.comments import services as commenting
from blog.comments.models import Comment
from blog.posts.models import Post
from core.context import Actor, Grant
from core.ids import uuids

Status = Comment.Status


def show(ids: Collection[str]) -> Mapping[str, ReportedContent]:
    found = Comment.objects.filter(uid__in=uuids(ids)).select_related("author", "post")
    light = found.defer("post__body_source", "post__body_html", "post__body_text", "post__toc")
    return {comment.public_id: _shown(comment) for comment in light}


def find(uid: str, viewer: Grant) -> ReportTarget | None:
    readable = Post.objects.readable_by(viewer)
    shown = Comment.objects.visible_to(viewer).filter(uid__in=uuids([uid]), post__in=readable)
    comment = shown.exclude(status=Status.SPAM).select_related("author", "post").first()
    return None if comment is None else ReportTarget(_title(comment), comment.get_absolute_url(), comment.author)


def decide(uid: str, stands: bool, by: Actor, now: datetime) -> str:
    comment = Comment.objects.filter(uid=uid).exclude(status=Status.DELETED).first()
    if comment is None:
        return ""
    act = commenting.approve_comment if stands else commenting.mark_comment_as_spam
    act(comment_id=comment.pk, by=by, now=now)
    return str(comment.status)


def restore(uid: str, state: str, by: Actor, now: datetime) -> None:
    comment = Comment.objects.filter(uid=uid).exclude(status=Status.DELETED).first()
    if comment is not None:
        commenting.restore_comment_status(comment_id=comment.pk, status=state, by=by, now=now)


def _shown(comment: Comment) -> ReportedContent:
    return ReportedContent(
        _title(comment), comment.body_source, comment.get_absolute_url(), comment.byline, comment.get_status_display()
    )


def _title(comment: Comment) -> str:
    return str(_("Comment on “%(title)s”") % {"title": comment.post.title})


moderation.register(
    ContentSource(
        kind=Comment.public_kind,
        words=_("Comments"),
        permission="blog.moderate_comment",
        show=show,
        find=find,
        decide=decide,
        restore=restore,
        hidden=Status.PENDING.value,
    )
)
