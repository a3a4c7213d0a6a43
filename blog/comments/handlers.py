"""Notifies readers who follow a discussion."""

from accounts.subscriptions.services import notifications
from blog.comments.models import Comment
from blog.comments.topics import NEWSLETTER, thread_of
from blog.posts.models import Post
from core.events import services as events
from core.events.models import Event


@events.on("post.published")
def tell_readers(event: Event) -> None:
    """Of a post that everybody may read, once, however often it is published."""
    post = Post.objects.filter(slug=event.subject_id, visibility=Post.Visibility.PUBLIC).first()
    if post is not None and not event.quiet:
        notifications.spread(topic=NEWSLETTER, key=f"post:{post.uid}", about=str(post.uid), now=event.at)


@events.on("comment.added", "comment.approved")
def tell_who_follows(event: Event) -> None:
    """Who follows what is said under the post hears of a comment that is shown, but for who said it."""
    shown = Comment.objects.filter(uid=event.subject_id, status=Comment.Status.APPROVED).select_related("post")
    comment = shown.first()
    if comment is not None and not event.quiet:
        notifications.spread(
            topic=thread_of(comment.post),
            key=f"comment:{comment.uid}",
            about=str(comment.uid),
            except_user_id=comment.author_id,
            now=event.at,
        )
