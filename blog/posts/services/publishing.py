"""Publish posts now or later, and unpublish them.

The database row decides when a post is published. The beat task looks for rows that are due, so after an outage it
publishes what it missed, and rescheduling is one UPDATE. Every path ends in `_publish`, whose UPDATE matches only
unpublished posts: of concurrent callers one succeeds, and one event is recorded.
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
    message = _("This post is already published.")


class NotPublished(Conflict):
    code = "not_published"
    message = _("This post is neither published nor scheduled.")


class PostNotReady(Invalid):
    code = "not_ready"
    message = _("A post needs a text before it can be published.")


class MissingAltText(Invalid):
    code = "picture_without_words"
    message = _("Add alternative text to every image in the post.")


class PublishTimeInPast(Invalid):
    code = "time_is_past"
    message = _("This time is in the past. Choose a later time, or publish now.")


@transaction.atomic
def publish_post(*, post_id: int, by: Actor, now: datetime | None = None) -> Post:
    """Publish a post now. A post that was public before keeps its date.

    Locks the post. Raises Denied, AlreadyPublished, PostNotReady, MissingAltText. Records post.published.
    """
    post = _lock_post(post_id, by)
    return _publish(post, by=by, now=now or timezone.now())


@transaction.atomic
def schedule_post(*, post_id: int, publish_at: datetime, by: Actor, now: datetime | None = None) -> Post:
    """Schedule a post, or change its time.

    Locks the post. Raises Denied, AlreadyPublished, PostNotReady, MissingAltText, PublishTimeInPast. Records
    post.scheduled.
    """
    now = now or timezone.now()
    post = _lock_post(post_id, by)
    if post.status == Status.PUBLISHED:
        raise AlreadyPublished
    if publish_at <= now:
        raise PublishTimeInPast(field="publish_at")
    _require_ready(post)
    post.status, post.publish_at, post.schedule_error = Status.SCHEDULED, publish_at, ""
    # The publication date becomes that time, even if the post was public before.
    post.published_at, post.changed_at = None, now
    post.save(update_fields=["status", "publish_at", "schedule_error", "published_at", "changed_at"])
    events.record("post.scheduled", post, by=by, now=now, publish_at=publish_at.isoformat())
    return post


@transaction.atomic
def unpublish_post(*, post_id: int, by: Actor, now: datetime | None = None) -> Post:
    """Return a published or scheduled post to draft.

    Locks the post. Raises Denied, NotPublished. Records post.unpublished.
    """
    post = _lock_post(post_id, by)
    if post.status not in (Status.PUBLISHED, Status.SCHEDULED):
        raise NotPublished
    return _withdraw(post, Status.DRAFT, "post.unpublished", by=by, now=now or timezone.now())


@transaction.atomic
def archive_post(*, post_id: int, by: Actor, now: datetime | None = None) -> Post:
    """Archive a post. No effect if it is archived already. Locks the post. Raises Denied. Records post.archived."""
    post = _lock_post(post_id, by)
    if post.status == Status.ARCHIVED:
        return post
    return _withdraw(post, Status.ARCHIVED, "post.archived", by=by, now=now or timezone.now())


def publish_due(*, by: Actor, now: datetime | None = None, batch: int = BATCH_SIZE) -> int:
    """Publish all scheduled posts that are due. Returns their number.

    Claims batches with SKIP LOCKED, so that workers share the work without waiting. Each post has its own savepoint:
    one that cannot be published returns to draft with the reason and does not stop the others. Records post.published
    or post.schedule_failed.
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
        # A bug or an outage: the post stays scheduled for the next run, the others continue.
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
