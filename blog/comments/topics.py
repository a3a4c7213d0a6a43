"""The notification topic of a discussion."""

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.subscriptions import topics
from accounts.subscriptions.topics import Topic, TopicInfo
from blog.comments.models import Comment
from blog.posts.models import Post
from core.context import Grant
from core.ids import uuids

NEWSLETTER, THREAD = "newsletter", "thread"


def thread_topic(post: Post) -> str:
    """The topic of what is said under a post."""
    return f"{THREAD}:{post.uid}"


def _get_newsletter_topic(ids: Collection[str], viewer: Grant) -> Mapping[str, TopicInfo]:
    return {"": TopicInfo(str(_("New posts in the journal")), reverse("blog:index"))} if "" in ids else {}


def _compose_post_email(uid: str) -> Mapping[str, Any] | None:
    """A post that everybody may read, if it still stands."""
    shown = Post.objects.filter(uid=uid, status=Post.Status.PUBLISHED, visibility=Post.Visibility.PUBLIC)
    post = shown.with_names().first()
    return None if post is None else {"post": post, "url": f"{settings.SITE_URL}{post.get_absolute_url()}"}


def _get_thread_topics(ids: Collection[str], viewer: Grant) -> Mapping[str, TopicInfo]:
    posts = Post.objects.readable_by(viewer).filter(uid__in=uuids(ids), status=Post.Status.PUBLISHED)
    return {str(post.uid): TopicInfo(post.title, f"{post.get_absolute_url()}#comments") for post in posts}


def _compose_comment_email(uid: str) -> Mapping[str, Any] | None:
    """A comment that is shown, under a post that everybody may read."""
    shown = Comment.objects.filter(uid=uid, status=Comment.Status.APPROVED).select_related("author", "post")
    comment = shown.filter(post__status=Post.Status.PUBLISHED, post__visibility=Post.Visibility.PUBLIC).first()
    return None if comment is None else {
        "comment": comment,
        "url": f"{settings.SITE_URL}{comment.get_absolute_url()}",
    }  # fmt: skip


topics.register(
    Topic(
        kind=NEWSLETTER,
        words=_("New posts in the journal"),
        reason=_("You get this because you asked for new posts of the journal."),
        template="new_post",
        find=_get_newsletter_topic,
        write=_compose_post_email,
        is_public=True,
    )
)
topics.register(
    Topic(
        kind=THREAD,
        words=_("New comments on a post"),
        reason=_("You get this because you follow what is said under this post."),
        template="new_comment",
        find=_get_thread_topics,
        write=_compose_comment_email,
    )
)
