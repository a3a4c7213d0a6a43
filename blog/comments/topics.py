"""Notification topics of the journal."""

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
    """Return the topic for new comments on a post."""
    return f"{THREAD}:{post.uid}"


def _get_newsletter_topic(ids: Collection[str], viewer: Grant) -> Mapping[str, TopicInfo]:
    return {"": TopicInfo(str(_("New posts in the journal")), reverse("blog:index"))} if "" in ids else {}


def _compose_post_email(uid: str) -> Mapping[str, Any] | None:
    """Return the context for the email about a post, or None when it is not public any more."""
    shown = Post.objects.filter(uid=uid, status=Post.Status.PUBLISHED, visibility=Post.Visibility.PUBLIC)
    post = shown.with_names().first()
    return None if post is None else {"post": post, "url": f"{settings.SITE_URL}{post.get_absolute_url()}"}


def _get_thread_topics(ids: Collection[str], viewer: Grant) -> Mapping[str, TopicInfo]:
    posts = Post.objects.readable_by(viewer).filter(uid__in=uuids(ids), status=Post.Status.PUBLISHED)
    return {str(post.uid): TopicInfo(post.title, f"{post.get_absolute_url()}#comments") for post in posts}


def _compose_comment_email(uid: str) -> Mapping[str, Any] | None:
    """Return the context for the email about a comment, or None when it or its post is not public any more."""
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
        reason=_("You get this email because you subscribed to new posts in the journal."),
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
        reason=_("You get this email because you follow the comments on this post."),
        template="new_comment",
        find=_get_thread_topics,
        write=_compose_comment_email,
    )
)
