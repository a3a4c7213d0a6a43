"""Comments on posts."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blog.posts.models import Post
from core.context import Grant
from core.ids import uuid7

MAX_DEPTH = 32


class CommentQuerySet(models.QuerySet["Comment"]):
    def pending(self) -> Self:
        return self.filter(status=Comment.Status.PENDING)

    def visible_to(self, viewer: Grant) -> Self:
        """Approved comments, the viewer's own pending ones and, for moderators, all pending ones."""
        shown = Q(status=Comment.Status.APPROVED)
        if viewer.user is not None and "blog:read" in viewer.scopes:
            waits = Q(status=Comment.Status.PENDING)
            shown |= waits if viewer.actor.can("blog.moderate_comment") else waits & Q(author=viewer.user)
        return self.filter(shown)


class Comment(models.Model):
    """A comment or a reply.

    `path` holds the ids from the first comment of the thread down to this one, so `ORDER BY path` is reading order. The
    database keeps path, parent and post consistent (migration 0002).
    """

    public_kind: ClassVar[str] = "comment"

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        SPAM = "spam", _("spam")
        DELETED = "deleted", _("deleted")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments", verbose_name=_("post"))
    parent = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="replies", verbose_name=_("in reply to")
    )
    path = ArrayField(models.BigIntegerField(), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="comments",
        verbose_name=_("author"),
    )
    author_name = models.CharField(
        _("name"), max_length=120, blank=True, help_text=_("Name of an imported author without an account.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    body_source = models.TextField(_("text"), blank=True)
    body_html = models.TextField(blank=True, editable=False)
    import_source = models.CharField(max_length=40, blank=True, editable=False)
    import_ref = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True, editable=False)
    moderated_at = models.DateTimeField(_("moderated"), null=True, blank=True, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("moderate_comment", _("Can approve, reject and delete comments"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "approved", "spam", "deleted"]), name="comment_status"
            ),
            models.CheckConstraint(
                condition=(Q(status="deleted") & Q(body_source="", body_html=""))
                | (~Q(status="deleted") & ~Q(body_source="")),
                name="comment_says_something",
            ),
            models.CheckConstraint(condition=Q(path__len__gte=1, path__len__lte=MAX_DEPTH), name="comment_depth"),
            models.UniqueConstraint(
                fields=["import_source", "import_ref"], condition=~Q(import_ref=""), name="comment_import_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["post", "path"], name="comment_reading_order"),
            models.Index(fields=["created_at", "id"], condition=Q(status="pending"), name="comment_waiting"),
            models.Index(fields=["author", "-id"], name="comment_author"),
        ]

    def __str__(self) -> str:
        return self.body_source[:60] or self.get_status_display()

    def get_absolute_url(self) -> str:
        return f"{self.post.get_absolute_url()}?comment={self.uid}#comment-{self.uid}"

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def depth(self) -> int:
        """1 for a comment, 2 for a reply to one, and so on."""
        return len(self.path)

    @property
    def byline(self) -> str:
        return self.author.display_name if self.author else self.author_name or str(_("Deleted user"))
