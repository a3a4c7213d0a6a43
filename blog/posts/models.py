"""Posts, their authors, old slugs and revisions."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions.models import Entitlement
from accounts.users.models import User
from blog.tags.models import PostTag, Tag
from core.content.models import Picture
from core.context import Actor, Grant
from core.ids import uuid7
from core.validation.slugs import SlugField
from core.web.cached_urls import address

WORDS_PER_MINUTE = 230
MAX_SLUG_LENGTH = 80
# Fields that lists do not need and that make up most of the row.
LARGE_FIELDS = ("body_source", "body_html", "body_text", "toc")

MATCH_NONE = Q(pk__in=[])
MATCH_ALL = ~MATCH_NONE


class PostQuerySet(models.QuerySet["Post"]):
    def locked(self) -> Self:
        """Lock the rows until the end of the transaction. Related rows are not locked."""
        return self.select_for_update(of=("self",), no_key=True)

    def published(self, now: datetime | None = None) -> Self:
        """Published posts. Title and excerpt of each are public; the body may be restricted."""
        return self.filter(status=Post.Status.PUBLISHED, published_at__lte=now or timezone.now())

    def due(self, now: datetime) -> Self:
        return self.filter(status=Post.Status.SCHEDULED, publish_at__lte=now)

    def by_author(self, user: User) -> Self:
        return self.filter(Exists(PostAuthor.objects.filter(post=OuterRef("pk"), user=user)))

    def manageable_by(self, actor: Actor) -> Self:
        """Posts an actor works on: all for editors, their own for authors, none for others."""
        return self.filter(_is_editable_by(actor))

    def visible_to(self, viewer: Grant, now: datetime | None = None) -> Self:
        """Published posts, and those the viewer works on when the grant includes `blog:read`."""
        return self.filter(_is_shown(now or timezone.now()) | _is_authored_by(viewer))

    def readable_by(self, viewer: Grant, now: datetime | None = None) -> Self:
        """Visible posts whose body the viewer can read."""
        now = now or timezone.now()
        return self.filter((_is_shown(now) & _is_readable_by(viewer, now)) | _is_authored_by(viewer))

    def for_lists(self) -> Self:
        """Load cover, authors and tags, without the text. Two more queries."""
        return self.defer(*LARGE_FIELDS).with_names()

    def with_names(self) -> Self:
        """Load cover, authors and tags. Two more queries."""
        return self.select_related("cover").prefetch_related(
            Prefetch("authorships", PostAuthor.objects.select_related("user__avatar").order_by("position")),
            Prefetch("taggings", PostTag.objects.select_related("tag").order_by("position")),
        )


def _is_shown(now: datetime) -> Q:
    return Q(status=Post.Status.PUBLISHED, published_at__lte=now)


def _is_readable_by(viewer: Grant, now: datetime) -> Q:
    if viewer.user is None:
        return Q(visibility=Post.Visibility.PUBLIC)
    held = Entitlement.objects.of(viewer.user).running(now)
    holds = Exists(held.filter(kind=OuterRef("entitlement_kind"), subject=OuterRef("entitlement_subject")))
    return Q(visibility__in=[Post.Visibility.PUBLIC, Post.Visibility.MEMBERS]) | Q(holds)


def _is_authored_by(viewer: Grant) -> Q:
    return _is_editable_by(viewer.actor) if "blog:read" in viewer.scopes else MATCH_NONE


def _is_editable_by(actor: Actor) -> Q:
    if actor.can("blog.edit_any_post"):
        return MATCH_ALL
    if actor.user is None or not actor.can("blog.change_post"):
        return MATCH_NONE
    return Q(Exists(PostAuthor.objects.filter(post=OuterRef("pk"), user=actor.user)))


class Post(models.Model):
    """A post. Only blog.posts.services.publishing changes `status`."""

    public_kind: ClassVar[str] = "post"

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("in review")
        SCHEDULED = "scheduled", _("scheduled")
        PUBLISHED = "published", _("published")
        ARCHIVED = "archived", _("archived")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("everyone")
        MEMBERS = "members", _("signed-in users")
        ENTITLED = "entitled", _("customers with an entitlement")

    class Moderation(models.TextChoices):
        NONE = "none", _("publish comments immediately")
        FIRST = "first", _("moderate first comments")
        ALL = "all", _("moderate all comments")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    slug = SlugField(_("address"), max_length=MAX_SLUG_LENGTH, unique=True)
    title = models.CharField(_("title"), max_length=200)
    excerpt = models.TextField(_("excerpt"), blank=True, max_length=500)
    body_source = models.TextField(_("text"), blank=True)
    body_html = models.TextField(blank=True, editable=False)
    body_text = models.TextField(blank=True, editable=False)
    toc = models.JSONField(default=list, blank=True, editable=False)
    word_count = models.PositiveIntegerField(default=0, editable=False)
    render_version = models.PositiveSmallIntegerField(default=0, editable=False)

    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    first_published_at = models.DateTimeField(_("first published"), null=True, blank=True, editable=False)
    schedule_error = models.CharField(_("reason for failed publication"), max_length=300, blank=True, editable=False)

    visibility = models.CharField(_("visibility"), max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    entitlement_kind = models.CharField(_("kind of entitlement"), max_length=40, blank=True)
    entitlement_subject = models.CharField(_("ID of entitlement"), max_length=80, blank=True)

    cover = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("cover image")
    )
    seo_description = models.CharField(_("meta description"), max_length=300, blank=True)

    comments_mode = models.CharField(_("moderation"), max_length=10, choices=Moderation, default=Moderation.FIRST)
    comments_closed = models.BooleanField(_("comments are closed"), default=False)
    comment_count = models.PositiveIntegerField(default=0, editable=False)

    lock_version = models.PositiveIntegerField(default=1, editable=False)
    import_source = models.CharField(max_length=40, blank=True, editable=False)
    import_ref = models.CharField(max_length=200, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("text updated at"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("page updated at"), default=timezone.now, editable=False)

    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="PostAuthor", related_name="posts", verbose_name=_("authors")
    )
    tags = models.ManyToManyField(Tag, through="PostTag", related_name="posts", verbose_name=_("tags"))

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("publish_post", _("Can publish, schedule and archive posts they can edit")),
            ("edit_any_post", _("Can edit all posts")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(slug=Lower("slug")) & ~Q(slug=""), name="post_slug_lower"),
            models.CheckConstraint(condition=~Q(title=""), name="post_has_title"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "in_review", "scheduled", "published", "archived"]), name="post_status"
            ),
            models.CheckConstraint(
                condition=Q(status="scheduled", publish_at__isnull=False)
                | (~Q(status="scheduled") & Q(publish_at__isnull=True)),
                name="post_scheduled_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False, first_published_at__isnull=False),
                name="post_published_has_time",
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "members", "entitled"]), name="post_visibility"
            ),
            models.CheckConstraint(
                condition=(Q(visibility="entitled") & ~Q(entitlement_kind="") & ~Q(entitlement_subject=""))
                | (~Q(visibility="entitled") & Q(entitlement_kind="", entitlement_subject="")),
                name="post_entitlement",
            ),
            models.CheckConstraint(condition=Q(comments_mode__in=["none", "first", "all"]), name="post_comments_mode"),
            models.UniqueConstraint(
                fields=["import_source", "import_ref"], condition=~Q(import_ref=""), name="post_import_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-published_at", "-id"], condition=Q(status="published"), name="post_published"),
            models.Index(fields=["publish_at", "id"], condition=Q(status="scheduled"), name="post_due"),
            models.Index(fields=["status", "-id"], condition=~Q(status="published"), name="post_in_work"),
            models.Index(fields=["-changed_at"], name="post_changed"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return address("blog:post", self.slug)

    @property
    def public_id(self) -> str:
        return self.slug

    @property
    def is_published(self) -> bool:
        return self.status == self.Status.PUBLISHED

    @property
    def bylines(self) -> list[User]:
        """The authors in order. No query after `with_names`."""
        return [authorship.user for authorship in self.authorships.all()]

    @property
    def byline(self) -> str:
        return ", ".join(author.display_name for author in self.bylines)

    @property
    def labels(self) -> list[Tag]:
        """The tags in order. No query after `with_names`."""
        return [tagging.tag for tagging in self.taggings.all()]

    @property
    def minutes(self) -> int:
        """Reading time in minutes, at least one."""
        return max(1, round(self.word_count / WORDS_PER_MINUTE))

    @property
    def was_updated(self) -> bool:
        """Whether the text changed on a later day than the publication."""
        return self.published_at is not None and self.updated_at.date() > self.published_at.date()

    @property
    def description(self) -> str:
        return self.seo_description or self.excerpt


class PostAuthor(models.Model):
    """An author of a post. `position` is the order of the byline."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="authorships", verbose_name=_("post"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="authorships", verbose_name=_("author")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("author")
        verbose_name_plural = _("authors")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["post", "user"], name="post_author_once"),
            models.UniqueConstraint(
                fields=["post", "position"], name="post_author_position", deferrable=models.Deferrable.DEFERRED
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "post"], name="post_author_user")]

    def __str__(self) -> str:
        return f"{self.post_id}: {self.user_id}"


class SlugRedirect(models.Model):
    """A former slug of a post. It points to the post itself, so redirects never chain."""

    old_slug = SlugField(_("old slug"), max_length=MAX_SLUG_LENGTH, unique=True)
    post = models.ForeignKey(Post, models.CASCADE, related_name="old_slugs", verbose_name=_("post"))
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("old slug")
        verbose_name_plural = _("old slugs")

    def __str__(self) -> str:
        return self.old_slug


class Revision(models.Model):
    """The full text at one moment. Revisions never change, except for the one autosave that each author has on a post.

    `meta` holds what can be restored with the text: tags, cover, description. It never holds status, slug, dates or
    authors.
    """

    class Kind(models.TextChoices):
        AUTOSAVE = "autosave", _("autosaved")
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
    excerpt = models.TextField(_("excerpt"), blank=True)
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
