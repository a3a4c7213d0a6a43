"""What a post said, each time it was saved."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blog.models.post import Post


class Revision(models.Model):
    """The whole text at one moment; never changed, but for the one autosave that each author has on a post.

    `meta` holds what belongs to the text and could be restored with it: tags, cover, description. Never status,
    address, dates or authors: those are the post's, not the text's.
    """

    class Kind(models.TextChoices):
        AUTOSAVE = "autosave", _("saved by itself")
        MANUAL = "manual", _("saved")
        PUBLISH = "publish", _("published")
        RESTORE = "restore", _("restored")
        IMPORT = "import", _("imported")

    post = models.ForeignKey(Post, models.CASCADE, related_name="revisions", verbose_name=_("post"))
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MANUAL)
    label = models.CharField(_("label"), max_length=120, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    title = models.CharField(_("title"), max_length=200)
    excerpt = models.TextField(_("standfirst"), blank=True)
    body_source = models.TextField(_("text"), blank=True)
    meta = models.JSONField(_("details"), default=dict, blank=True)
    content_hash = models.CharField(_("hash"), max_length=64)
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["post", "number"], name="revision_number"),
            models.UniqueConstraint(
                fields=["post", "author"], condition=Q(kind="autosave"), name="revision_one_autosave"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["autosave", "manual", "publish", "restore", "import"]), name="revision_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post_id} #{self.number}"
