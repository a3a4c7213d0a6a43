"""Permission checks for posts."""

from datetime import datetime

from accounts.permissions.models import Entitlement
from blog.posts.models import Post
from core.context import Actor

# Authors can edit in these states. In all others editing requires blog.publish_post.
UNPUBLISHED_STATUSES = (Post.Status.DRAFT, Post.Status.IN_REVIEW)


def can_read(post: Post, by: Actor, now: datetime | None = None) -> bool:
    """Return whether a viewer can read the body. At most two queries; none for public posts."""
    if post.is_published and post.visibility == Post.Visibility.PUBLIC:
        return True
    if by.user is None:
        return by.kind == "system"
    if post.is_published and post.visibility == Post.Visibility.MEMBERS:
        return True
    return can_preview(post, by) or (post.is_published and _has_entitlement(post, by, now))


EDIT_ANY = "blog.edit_any_post"


def can_edit(post: Post, by: Actor) -> bool:
    """Return whether an actor can edit the post. Editors edit all posts. Authors edit their own; published and
    scheduled ones only if they can publish.
    """
    if by.can(EDIT_ANY):
        return True
    return can_preview(post, by) and (post.status in UNPUBLISHED_STATUSES or by.can("blog.publish_post"))


def can_publish(post: Post, by: Actor) -> bool:
    return by.can("blog.publish_post") and can_edit(post, by)


def can_preview(post: Post, by: Actor) -> bool:
    """Return whether an actor can see the post before it is published. One query, none if the authors are
    prefetched.
    """
    if by.can(EDIT_ANY):
        return True
    if by.user is None or not by.can("blog.change_post"):
        return False
    return any(authorship.user_id == by.user.pk for authorship in post.authorships.all())


def _has_entitlement(post: Post, by: Actor, now: datetime | None) -> bool:
    if by.user is None:
        return False
    held = Entitlement.objects.of(by.user).running(now)
    return held.filter(kind=post.entitlement_kind, subject=post.entitlement_subject).exists()
