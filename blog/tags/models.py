"""Tags of posts."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.validation.slugs import SlugField

MAX_TAG_LENGTH = 60


class Tag(models.Model):
    """A tag of the journal."""

    public_kind: ClassVar[str] = "tag"

    slug = SlugField(_("address"), max_length=MAX_TAG_LENGTH, unique=True)
    name = models.CharField(_("name"), max_length=MAX_TAG_LENGTH)
    description = models.CharField(_("description"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("name"), name="tag_name_once"),
            models.CheckConstraint(condition=Q(slug=Lower("slug")) & ~Q(slug=""), name="tag_slug_lower"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("blog:tag", args=[self.slug])

    @property
    def public_id(self) -> str:
        return self.slug


class TagAlias(models.Model):
    """An alternative slug of a tag: an old name, a spelling, or a merged tag."""

    slug = SlugField(_("address"), max_length=MAX_TAG_LENGTH, unique=True)
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="aliases", verbose_name=_("tag"))

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(slug=Lower("slug")) & ~Q(slug=""), name="tag_alias_slug_lower"),
        ]

    def __str__(self) -> str:
        return self.slug


class PostTag(models.Model):
    """A tag on a post. Cards show the first one."""

    post = models.ForeignKey("blog.Post", models.CASCADE, related_name="taggings", verbose_name=_("post"))
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="uses", verbose_name=_("tag"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("tag of post")
        verbose_name_plural = _("tags of posts")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["post", "tag"], name="post_tag_once")]
        indexes: ClassVar = [models.Index(fields=["tag", "post"], name="post_tag_tag")]

    def __str__(self) -> str:
        return f"{self.post_id}: {self.tag_id}"
