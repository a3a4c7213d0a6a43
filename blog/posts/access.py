"""Who may read, edit and publish a post: permission and object together."""

from datetime import datetime

from accounts.permissions.models import Entitlement
from blog.posts.models import Post
from core.context import Actor

# States in which a text is its authors' own affair; beyond them it takes the right to publish to change it.
UNPUBLISHED_STATUSES = (Post.Status.DRAFT, Post.Status.IN_REVIEW)


def can_read(post: Post, by: Actor, now: datetime | None = None) -> bool:
    """Whether somebody may read the body. At most two queries; none for public posts."""
    if post.is_published and post.visibility == Post.Visibility.PUBLIC:
        return True
    if by.user is None:
        return by.kind == "system"
    if post.is_published and post.visibility == Post.Visibility.MEMBERS:
        return True
    return can_preview(post, by) or (post.is_published and _has_entitlement(post, by, now))


EDIT_ANY = "blog.edit_any_post"


def can_edit(post: Post, by: Actor) -> bool:
    """Editors edit every post; authors their own, and what is public or planned only if they may publish."""
    if by.can(EDIT_ANY):
        return True
    return can_preview(post, by) and (post.status in UNPUBLISHED_STATUSES or by.can("blog.publish_post"))


def can_publish(post: Post, by: Actor) -> bool:
    return by.can("blog.publish_post") and can_edit(post, by)


def can_preview(post: Post, by: Actor) -> bool:
    """Whether the post is theirs to see before it is published. One query, none if its authors are at hand."""
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
