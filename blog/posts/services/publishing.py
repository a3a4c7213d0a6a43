"""Make posts public, now or at a time, and take them back.

The row is the truth, a timer only a hint: what is due is found by asking the table, so a beat that was down for an
hour publishes what it missed, and rescheduling is one UPDATE. Whoever publishes, it is `_publish` that does it, and its
UPDATE takes only a post that is not published: of any number of callers one succeeds, and one event is recorded.
"""

import re
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blog.posts import access
from blog.posts.models import Post, Revision
from blog.posts.services.revisions import save_revision
from core.context import Actor
from core.errors import Conflict, Denied, DomainError, Invalid
from core.events import services as events

log = structlog.get_logger(__name__)

Status = Post.Status
PUBLISHABLE = (Status.DRAFT, Status.IN_REVIEW, Status.SCHEDULED, Status.ARCHIVED)
BATCH_SIZE = 25
IMAGE_WITHOUT_ALT = re.compile(r'<img src="[^"]*" alt=""')


class AlreadyPublished(Conflict):
    code = "already_published"
    message = _("This post is published.")


class NotPublished(Conflict):
    code = "not_published"
    message = _("This post is neither published nor scheduled.")


class PostNotReady(Invalid):
    code = "not_ready"
    message = _("A post needs a text before it can be published.")


class MissingAltText(Invalid):
    code = "picture_without_words"
    message = _("Say in words what each picture in the text shows, for those who cannot see it.")


class PublishTimeInPast(Invalid):
    code = "time_is_past"
    message = _("This moment is past. Choose a later one, or publish now.")


@transaction.atomic
def publish_post(*, post_id: int, by: Actor, now: datetime | None = None) -> Post:
    """Make a post public now; one that was public before keeps its date.

    Locks the post. Raises Denied, AlreadyPublished, NotReady, PictureWithoutWords. Records post.published.
    """
    post = _lock_post(post_id, by)
    return _publish(post, by=by, now=now or timezone.now())


@transaction.atomic
def schedule_post(*, post_id: int, publish_at: datetime, by: Actor, now: datetime | None = None) -> Post:
    """Have a post published at a moment to come, or at another one than before.

    Locks the post. Raises Denied, AlreadyPublished, NotReady, PictureWithoutWords, TimeIsPast. Records post.scheduled.
    """
    now = now or timezone.now()
    post = _lock_post(post_id, by)
    if post.status == Status.PUBLISHED:
        raise AlreadyPublished
    if publish_at <= now:
        raise PublishTimeInPast(field="publish_at")
    _require_ready(post)
    post.status, post.publish_at, post.schedule_error = Status.SCHEDULED, publish_at, ""
    # Its date will be that moment, also if it was public once.
    post.published_at, post.changed_at = None, now
    post.save(update_fields=["status", "publish_at", "schedule_error", "published_at", "changed_at"])
    events.record("post.scheduled", post, by=by, now=now, publish_at=publish_at.isoformat())
    return post


@transaction.atomic
def unpublish_post(*, post_id: int, by: Actor, now: datetime | None = None) -> Post:
    """Take a published or scheduled post back into work.

    Locks the post. Raises Denied, NotPublished. Records post.unpublished.
    """
    post = _lock_post(post_id, by)
    if post.status not in (Status.PUBLISHED, Status.SCHEDULED):
        raise NotPublished
    return _withdraw(post, Status.DRAFT, "post.unpublished", by=by, now=now or timezone.now())


@transaction.atomic
def archive_post(*, post_id: int, by: Actor, now: datetime | None = None) -> Post:
    """Put a post away; archiving it again changes nothing. Locks the post. Raises Denied. Records post.archived."""
    post = _lock_post(post_id, by)
    if post.status == Status.ARCHIVED:
        return post
    return _withdraw(post, Status.ARCHIVED, "post.archived", by=by, now=now or timezone.now())


def publish_due(*, by: Actor, now: datetime | None = None, batch: int = BATCH_SIZE) -> int:
    """Publish all scheduled posts whose time has come; returns how many.

    Claims a batch at a time with SKIP LOCKED, so that workers share the work and none waits. Each post has a savepoint
    of its own: one that cannot be published goes back to its authors, with the reason, and holds up no other.
    Records post.published or post.schedule_failed.
    """
    now = now or timezone.now()
    published, faulty = 0, set[int]()
    while due := _publish_batch(faulty, by=by, now=now, batch=batch):
        published += sum(due)
    return published


@transaction.atomic
def _publish_batch(faulty: set[int], *, by: Actor, now: datetime, batch: int) -> list[bool]:
    due = Post.objects.due(now).exclude(pk__in=faulty).order_by("publish_at", "id")
    claimed = due.select_for_update(of=("self",), no_key=True, skip_locked=True)[:batch]
    return [_publish_one(post, faulty, by=by, now=now) for post in claimed]


def _publish_one(post: Post, faulty: set[int], *, by: Actor, now: datetime) -> bool:
    try:
        with transaction.atomic():
            _publish(post, by=by, now=now)
    except DomainError as refusal:
        _return_to_draft(post, refusal, by=by, now=now)
        return False
    except Exception:
        # A fault of ours: the post stays scheduled for the next run, the others go on.
        log.exception("post_not_published", post=post.slug)
        faulty.add(post.pk)
        return False
    return True


def _publish(post: Post, *, by: Actor, now: datetime) -> Post:
    if post.status == Status.PUBLISHED:
        raise AlreadyPublished
    _require_ready(post)
    first = post.first_published_at is None
    claimed = Post.objects.filter(pk=post.pk, status__in=PUBLISHABLE).update(
        status=Status.PUBLISHED,
        published_at=Coalesce(F("published_at"), now),
        first_published_at=Coalesce(F("first_published_at"), now),
        publish_at=None,
        schedule_error="",
        changed_at=now,
    )
    if not claimed:
        raise AlreadyPublished
    post.refresh_from_db()
    revision = save_revision(post, by=by, now=now, kind=Revision.Kind.PUBLISH)
    data = {"first": first, "visibility": post.visibility, "revision": revision.number}
    events.record("post.published", post, by=by, now=now, **data)
    return post


def _return_to_draft(post: Post, refusal: DomainError, *, by: Actor, now: datetime) -> None:
    Post.objects.filter(pk=post.pk).update(
        status=Status.DRAFT, publish_at=None, schedule_error=refusal.detail[:300], changed_at=now
    )
    events.record("post.schedule_failed", post, by=by, now=now, code=refusal.code)


def _withdraw(post: Post, status: Status, event: str, *, by: Actor, now: datetime) -> Post:
    post.status, post.publish_at, post.changed_at = status, None, now
    post.save(update_fields=["status", "publish_at", "changed_at"])
    events.record(event, post, by=by, now=now)
    return post


def _lock_post(post_id: int, by: Actor) -> Post:
    post = Post.objects.locked().get(pk=post_id)
    by.require("blog.publish_post")
    if not access.can_edit(post, by):
        raise Denied(required_permission=access.EDIT_ANY)
    return post


def _require_ready(post: Post) -> None:
    if not post.body_source.strip():
        raise PostNotReady(field="body")
    if IMAGE_WITHOUT_ALT.search(post.body_html):
        raise MissingAltText(field="body")
