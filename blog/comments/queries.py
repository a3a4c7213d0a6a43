"""The comments of a post as a tree."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from accounts.users.models import User
from blog.comments.models import Comment, CommentQuerySet
from blog.posts.models import Post
from core.context import Grant
from core.prepared_queries import PreparedQuery

THREAD_SIZE = 100
MAX_INDENT = 4
THREAD = PreparedQuery(lambda post: _comments(post, Comment.objects.visible_to(Grant.anonymous()))[: THREAD_SIZE + 1])


@dataclass(slots=True)
class Node:
    """A comment and the replies shown below it. `reply_to` is the name of the author it replies to, where nesting does
    not show it.
    """

    comment: Comment
    replies: list["Node"] = field(default_factory=list)
    reply_to: str = ""
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Thread:
    """A page of comments in reading order. `next` is the uid of the last one shown, empty on the last page."""

    nodes: list[Node]
    next: str


def get_thread(
    post: Post, viewer: Grant, *, after: UUID | None = None, at: UUID | None = None, size: int = THREAD_SIZE
) -> Thread:
    """Return a page of a post's comments as the viewer sees them. It starts at the first comment, after the comment
    `after`, or at the thread that contains the comment `at`. One query.
    """
    if viewer.user is None and (after, at, size) == (None, None, THREAD_SIZE):
        found = THREAD(post=post.pk)
    else:
        rows = _comments(post, Comment.objects.visible_to(viewer))
        if after is not None:
            rows = rows.filter(path__gt=Comment.objects.filter(uid=after, post=post).values("path"))
        elif at is not None:
            rows = rows.filter(path__gte=Comment.objects.filter(uid=at, post=post).values("path__0_1"))
        found = list(rows[: size + 1])
    shown = found[:size]
    return Thread(_build_tree(shown), str(shown[-1].uid) if len(found) > size else "")


def get_comment(post: Post, uid: UUID) -> Comment | None:
    """Return a comment that can be replied to. One query."""
    found = Comment.objects.select_related("author").filter(post=post, uid=uid, status=Comment.Status.APPROVED)
    return found.first()


def get_latest_comments(user: User, limit: int = 5) -> list[Comment]:
    """Return a person's latest comments on published posts. One query."""
    found = Comment.objects.exclude(status__in=[Comment.Status.DELETED, Comment.Status.SPAM])
    found = found.filter(author=user, post__status=Post.Status.PUBLISHED).select_related("post")
    return list(found.defer("post__body_source", "post__body_html", "post__body_text")[:limit])


def count_pending_work(now: datetime | None = None) -> dict[str, int]:
    """Count posts that are due, scheduled or in review, and pending comments. Two queries."""
    now = now or timezone.now()
    planned = Q(status=Post.Status.SCHEDULED)
    in_work = Post.objects.exclude(status=Post.Status.PUBLISHED)
    counts = in_work.aggregate(
        due=Count("pk", filter=planned & Q(publish_at__lte=now)),
        scheduled=Count("pk", filter=planned & Q(publish_at__gt=now)),
        in_review=Count("pk", filter=Q(status=Post.Status.IN_REVIEW)),
    )
    return {**counts, "comments": Comment.objects.pending().count()}


def _comments(post: Any, visible: CommentQuerySet) -> CommentQuerySet:
    """Return comments in reading order, including deleted ones, which `_prune` removes when no reply below them is
    shown.
    """
    rows = visible | Comment.objects.filter(status=Comment.Status.DELETED)
    return rows.filter(post=post).select_related("author__avatar", "parent__author").order_by("path")


def _build_tree(comments: list[Comment]) -> list[Node]:
    """Nest comments that are in reading order. A reply that is deeper than `MAX_INDENT`, or whose parent is on an
    earlier page, gets `reply_to`. A deleted comment stays only while a reply below it is shown.
    """
    roots: list[Node] = []
    nodes: dict[int, Node] = {}
    for comment in comments:
        node = nodes[comment.pk] = Node(comment, visible=comment.status != Comment.Status.DELETED)
        above = [nodes[pk] for pk in comment.path[:-1] if pk in nodes]
        nested = above[:MAX_INDENT]
        if comment.parent and (not nested or nested[-1].comment.pk != comment.parent_id):
            node.reply_to = comment.parent.byline
        (nested[-1].replies if nested else roots).append(node)
        if node.visible:
            for ancestor in above:
                ancestor.visible = True
    return _prune(roots)


def _prune(nodes: list[Node]) -> list[Node]:
    found = [node for node in nodes if node.visible]
    for node in found:
        node.replies = _prune(node.replies)
    return found
