"""Send notifications about new posts and comments."""

from accounts.subscriptions.services import notifications
from blog.comments.models import Comment
from blog.comments.topics import NEWSLETTER, thread_topic
from blog.posts.models import Post
from core.events import services as events
from core.events.models import Event


@events.on("post.published", former=("blog.tell_readers",))
def notify_newsletter_subscribers(event: Event) -> None:
    """Notify newsletter subscribers of a public post, once per post, however often it is published."""
    post = Post.objects.filter(slug=event.subject_id, visibility=Post.Visibility.PUBLIC).first()
    if post is not None and not event.quiet:
        notifications.enqueue_for_topic(topic=NEWSLETTER, key=f"post:{post.uid}", about=str(post.uid), now=event.at)


@events.on("comment.added", "comment.approved", former=("blog.tell_who_follows",))
def notify_thread_followers(event: Event) -> None:
    """Notify the followers of a thread about an approved comment, except its author."""
    shown = Comment.objects.filter(uid=event.subject_id, status=Comment.Status.APPROVED).select_related("post")
    comment = shown.first()
    if comment is not None and not event.quiet:
        notifications.enqueue_for_topic(
            topic=thread_topic(comment.post),
            key=f"comment:{comment.uid}",
            about=str(comment.uid),
            except_user_id=comment.author_id,
            now=event.at,
        )
