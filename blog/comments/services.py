"""Create and moderate comments."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.moderation.models import Case
from accounts.moderation.services import cases, spam
from accounts.moderation.spam import Outcome, SpamScore, SubmissionContext
from accounts.users.models import User
from blog.comments.models import MAX_DEPTH, Comment
from blog.posts import access
from blog.posts.models import Post
from core.constraints import violated_constraint
from core.content import markdown
from core.context import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from core.events import services as events
from core.ids import uuid7
from core.validation.text import has_visible_text
from core.validation.xml_text import drop_non_xml

MAX_COMMENT_LENGTH = 5000
UID_CONSTRAINT = "blog_comment_uid_key"
# Comments per person. Views check it, so that no transaction waits for Redis.
RATE_LIMIT = "5/minute"
# Authors with this many approved comments skip the spam check.
TRUSTED_AFTER = 3

Status = Comment.Status
EVENTS = {
    Status.PENDING: "comment.held",
    Status.APPROVED: "comment.approved",
    Status.SPAM: "comment.refused",
    Status.DELETED: "comment.deleted",
}


class CommentsClosed(Conflict):
    code = "comments_closed"
    message = _("Comments on this post are closed.")


class EmptyComment(Invalid):
    code = "comment_empty"
    message = _("Write something first.")


class CommentTooLong(Invalid):
    code = "comment_too_long"
    message = _("A comment can have at most %(most)s characters.")


class ParentNotFound(Invalid):
    code = "no_such_comment"
    message = _("The comment you are replying to no longer exists.")


class UidReused(Conflict):
    code = "comment_uid_taken"
    message = _("This uid was used for another comment.")


@transaction.atomic
def add_comment(
    *,
    post_id: int,
    body: str,
    by: Actor,
    parent: UUID | None = None,
    uid: UUID | None = None,
    how: SubmissionContext = spam.NO_CONTEXT,
    now: datetime | None = None,
) -> Comment:
    """Add a comment, or a reply to an approved one. It is approved or pending, depending on the post's moderation mode
    and the spam score. A pending comment enters the moderation queue.

    The sender chooses `uid`: sending the same comment twice creates one. Raises Denied for anonymous users, NotFound
    for posts they cannot read, CommentsClosed, EmptyComment, CommentTooLong, ParentNotFound, UidReused, Banned,
    LooksLikeSpam. Records comment.added.
    """
    if by.user is None:
        raise Denied
    now, text = now or timezone.now(), _clean(body)
    post = Post.objects.get(pk=post_id)
    if not post.is_published or not access.can_read(post, by, now):
        raise NotFound
    if uid is not None and (sent := Comment.objects.filter(uid=uid).first()):
        if not _is_duplicate(sent, post, by.user, text, parent):
            raise UidReused(field="uid")
        return sent
    if post.comments_closed:
        raise CommentsClosed
    bans.require_not_banned(by=by, scope=Ban.Scope.COMMENT, network=how.network, now=now)
    above, html = _get_parent(post, parent), markdown.render_short(text)
    comment = Comment(uid=uid or uuid7(), post=post, parent=above, author=by.user, created_at=now)
    comment.body_source, comment.body_html = text, html
    is_moderator = by.can("blog.moderate_comment") or access.can_preview(post, by)
    verdict = SpamScore() if is_moderator else _record_spam_signal(text, by, how, now)
    comment.status = Status.APPROVED if is_moderator else _get_initial_status(post, by.user, verdict)
    _insert(comment, above)
    if comment.status == Status.APPROVED:
        _update_comment_count(post.pk, 1, now)
    else:
        _queue_for_moderation(comment, verdict, by, now)
    events.record("comment.added", comment, by=by, now=now, post=post.slug, status=comment.status)
    return comment


@transaction.atomic
def approve_comment(*, comment_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Approve a pending or rejected comment. Returns False when it is already approved or deleted.

    Raises Denied without blog.moderate_comment. Records comment.approved.
    """
    _require_moderator(by)
    return _set_status(comment_id, (Status.PENDING, Status.SPAM), Status.APPROVED, by=by, now=now or timezone.now())


@transaction.atomic
def mark_comment_as_spam(*, comment_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Mark a comment as spam. Returns False when it already is or is deleted.

    Raises Denied without blog.moderate_comment. Records comment.refused.
    """
    _require_moderator(by)
    return _set_status(comment_id, (Status.PENDING, Status.APPROVED), Status.SPAM, by=by, now=now or timezone.now())


@transaction.atomic
def delete_comment(*, comment_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Delete the text of a comment permanently. The row stays while there are replies. Returns False when it is already
    deleted.

    Raises Denied unless `by` is the author or holds blog.moderate_comment. Records comment.deleted.
    """
    comment = Comment.objects.get(pk=comment_id)
    own = by.user is not None and comment.author_id == by.user.pk
    if not own:
        _require_moderator(by)
    alive = (Status.PENDING, Status.APPROVED, Status.SPAM)
    return _set_status(comment_id, alive, Status.DELETED, by=by, now=now or timezone.now())


@transaction.atomic
def restore_comment_status(*, comment_id: int, status: str, by: Actor, now: datetime | None = None) -> bool:
    """Restore an earlier status when a decision is undone. Returns False when the comment is deleted or already has it.

    Raises Denied without blog.moderate_comment. Records comment.held, comment.approved or comment.refused.
    """
    _require_moderator(by)
    wanted = Status(status)
    others = tuple(one for one in (Status.PENDING, Status.APPROVED, Status.SPAM) if one != wanted)
    return _set_status(comment_id, others, wanted, by=by, now=now or timezone.now(), settles=False)


def _set_status(
    comment_id: int, allowed: tuple[Status, ...], status: Status, *, by: Actor, now: datetime, settles: bool = True
) -> bool:
    """Change the status of a locked comment and update the comment count. Closes its open moderation case first."""
    if settles:
        uid = Comment.objects.values_list("uid", flat=True).get(pk=comment_id)
        act = Case.Act.APPROVE if status == Status.APPROVED else Case.Act.REFUSE
        cases.close_case(kind=Comment.public_kind, subject_id=str(uid), act=act, by=by, now=now)
    comment = Comment.objects.select_related("post").select_for_update(of=("self",)).get(pk=comment_id)
    if comment.status not in allowed:
        return False
    change = (status == Status.APPROVED) - (comment.status == Status.APPROVED)
    comment.status, comment.moderated_at = status, now
    if status == Status.DELETED:
        comment.body_source = comment.body_html = ""
    comment.save(update_fields=["status", "moderated_at", "body_source", "body_html"])
    if change:
        _update_comment_count(comment.post_id, change, now)
    events.record(EVENTS[status], comment, by=by, now=now, post=comment.post.slug)
    return True


def _record_spam_signal(text: str, by: Actor, how: SubmissionContext, now: datetime) -> SpamScore:
    shown = Comment.objects.filter(author=by.user, status=Status.APPROVED)[:TRUSTED_AFTER]
    is_trusted = len(shown.values_list("pk")) == TRUSTED_AFTER or spam.is_buyer(by, now)
    return spam.check_text(text=text, by=by, how=how, is_trusted=is_trusted, now=now)


def _queue_for_moderation(comment: Comment, verdict: SpamScore, by: Actor, now: datetime) -> None:
    cases.open_case(
        kind=Comment.public_kind,
        subject_id=comment.public_id,
        author=comment.author,
        by=by,
        score=verdict.score,
        reasons=verdict.reasons if verdict.outcome is not Outcome.FINE else ("waits", *verdict.reasons),
        now=now,
    )


def _get_initial_status(post: Post, author: User, verdict: SpamScore) -> Status:
    if verdict.outcome is not Outcome.FINE or post.comments_mode == Post.Moderation.ALL:
        return Status.PENDING
    if post.comments_mode == Post.Moderation.NONE:
        return Status.APPROVED
    known = Comment.objects.filter(author=author, status=Status.APPROVED).exists()
    return Status.APPROVED if known else Status.PENDING


def _clean(body: str) -> str:
    text = drop_non_xml(body).replace("\r\n", "\n").strip()
    if not has_visible_text(text):
        raise EmptyComment(field="body")
    if len(text) > MAX_COMMENT_LENGTH:
        raise CommentTooLong(field="body", most=MAX_COMMENT_LENGTH)
    return text


def _get_parent(post: Post, uid: UUID | None) -> Comment | None:
    """Return the parent comment, or the ancestor that keeps the thread within `MAX_DEPTH`."""
    if uid is None:
        return None
    found = Comment.objects.filter(uid=uid, post=post, status=Status.APPROVED).select_related("parent").first()
    if found is None:
        raise ParentNotFound(field="parent")
    return found if len(found.path) < MAX_DEPTH else found.parent


def _is_duplicate(sent: Comment, post: Post, author: User, text: str, parent: UUID | None) -> bool:
    """Return whether a stored comment equals the one being sent. An edited or deleted comment cannot be compared and
    counts as equal.
    """
    if (sent.post_id, sent.author_id) != (post.pk, author.pk):
        return False
    if sent.edited_at is not None or sent.status == Status.DELETED:
        return True
    above = _get_parent(post, parent) if parent else None
    return (sent.body_source, sent.parent_id) == (text, above.pk if above else None)


def _insert(comment: Comment, above: Comment | None) -> None:
    # The path ends in the comment's own key, so the key must be known before the row is written.
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('blog_comment', 'id'))")
        comment.pk = int(cursor.fetchone()[0])
    comment.path = [*(above.path if above else []), comment.pk]
    try:
        with transaction.atomic():
            comment.save(force_insert=True)
    except IntegrityError as refused:
        # A concurrent request is saving the same comment.
        if violated_constraint(refused) != UID_CONSTRAINT:
            raise
        raise UidReused(field="uid") from None


def _update_comment_count(post_id: int, change: int, now: datetime) -> None:
    Post.objects.filter(pk=post_id).update(comment_count=F("comment_count") + change, changed_at=now)


def _require_moderator(by: Actor) -> None:
    by.require("blog.moderate_comment")
