"""Create, save and submit posts. Nothing here publishes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack, cast

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from blog.posts import access
from blog.posts.models import Post, PostAuthor, Revision
from blog.posts.services import slugs
from blog.posts.services.revisions import MAX_LENGTHS, FieldTooLong, delete_autosave, save_revision
from blog.tags import services as tagging
from core.composition import cross_references
from core.constraints import violated_constraint
from core.content import markdown
from core.content.markdown import Story
from core.content.models import Picture
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from core.events import services as events
from core.validation.text import has_visible_text
from core.validation.xml_text import drop_non_xml

SLUG_CONSTRAINT = "blog_post_slug_key"
PLAIN_FIELDS = (
    *("title", "excerpt", "seo_description", "cover", "comments_mode", "comments_closed"),
    *("visibility", "entitlement_kind", "entitlement_subject"),
)


class PostFields(TypedDict, total=False):
    """Fields of a post; omitted ones stay unchanged. `body` is Markdown, `tags` are names in order."""

    title: str
    slug: str
    excerpt: str
    body: str
    tags: Sequence[str]
    authors: Sequence[User]
    cover: Picture | None
    seo_description: str
    visibility: str
    entitlement_kind: str
    entitlement_subject: str
    comments_mode: str
    comments_closed: bool


class EditConflict(Conflict):
    """`details` holds both texts: `yours` as submitted, `theirs` as saved, with the `lock_version` to overwrite it."""

    code = "edit_conflict"
    message = _("Someone else saved this post in the meantime. Merge both texts and save again.")


class MissingTitle(Invalid):
    code = "title_missing"
    message = _("A post needs a title.")


class MissingEntitlement(Invalid):
    code = "entitlement_missing"
    message = _("Enter the kind and ID of the required entitlement.")


class MissingAuthor(Invalid):
    code = "author_missing"
    message = _("A post needs at least one author.")


class NotADraft(Conflict):
    code = "not_a_draft"
    message = _("Only a draft can be submitted for review.")


@transaction.atomic
def create_post(
    *,
    by: Actor,
    now: datetime | None = None,
    import_source: str = "",
    import_ref: str = "",
    **fields: Unpack[PostFields],
) -> Post:
    """Create a draft. Its author is `by` unless editors name others; its slug is made from the title.

    Raises Denied without blog.add_post, and the field errors of `save_post`. Records post.created.
    """
    by.require("blog.add_post")
    now = now or timezone.now()
    fields = _clean_fields(fields)
    post = Post(created_by=by.user, import_source=import_source, import_ref=import_ref)
    post.created_at = post.updated_at = post.changed_at = now
    _set_fields(post, fields, markdown.render(fields.get("body", "")))
    post.slug = slugs.clean_slug(fields["slug"]) if fields.get("slug") else slugs.generate_slug(post.title)
    _save(post)
    _set_authors(post, fields.get("authors") or ([by.user] if by.user else []), by)
    tagging.set_tags(post, fields.get("tags", ()))
    _save_references(post)
    kind = Revision.Kind.IMPORT if import_ref else Revision.Kind.MANUAL
    revision = save_revision(post, by=by, now=now, kind=kind)
    events.record("post.created", post, by=by, now=now, revision=revision.number)
    return post


@transaction.atomic
def save_post(
    *, post_id: int, lock_version: int | None, by: Actor, now: datetime | None = None, **fields: Unpack[PostFields]
) -> Post:
    """Save fields of a post over the version that was read, or over any version when `lock_version` is None. Has no
    effect when nothing changed.

    Locks the post. Raises Denied, EditConflict (with both texts), MissingTitle, FieldTooLong, MissingEntitlement,
    MissingAuthor, slugs.InvalidSlug, slugs.SlugTaken and the errors of tagging. Records post.saved, and post.moved for
    a new slug.
    """
    now = now or timezone.now()
    fields = _clean_fields(fields)
    story = markdown.render(fields["body"]) if "body" in fields else None  # before anything is locked
    post = Post.objects.locked().get(pk=post_id)
    if not access.can_edit(post, by):
        raise Denied(required_permission=access.EDIT_ANY)
    if lock_version is not None and post.lock_version != lock_version:
        raise EditConflict(yours=dict(fields), theirs=_get_texts(post))
    before = _get_state(post)
    delete_autosave(post, by)
    _set_fields(post, fields, story)
    relations = [
        "authors" in fields and _set_authors(post, fields["authors"], by),
        "tags" in fields and tagging.set_tags(post, fields["tags"]),
        bool(fields.get("slug")) and _change_slug(post, fields["slug"], by),
    ]
    if _get_state(post) == before and not any(relations):
        return post
    post.lock_version += 1
    post.updated_at = post.changed_at = now
    _save(post)
    _save_references(post)
    revision = save_revision(post, by=by, now=now)
    events.record("post.saved", post, by=by, now=now, revision=revision.number, lock_version=post.lock_version)
    return post


@transaction.atomic
def submit_post(*, post_id: int, by: Actor, now: datetime | None = None) -> Post:
    """Submit a draft for review. Locks the post. Raises Denied, NotADraft. Records post.submitted."""
    now = now or timezone.now()
    post = Post.objects.locked().get(pk=post_id)
    if not access.can_edit(post, by):
        raise Denied(required_permission=access.EDIT_ANY)
    if post.status != Post.Status.DRAFT:
        raise NotADraft
    post.status = Post.Status.IN_REVIEW
    post.save(update_fields=["status"])
    events.record("post.submitted", post, by=by, now=now)
    return post


def rerender_posts(limit: int = 100) -> int:
    """Render posts again whose HTML is from an older renderer. Returns their number, at most `limit`. Safe to run at
    any time.

    Each post is rendered without a lock and then changed in one UPDATE, if its text has not changed. A text that cannot
    be rendered keeps its HTML.
    """
    stale = Post.objects.filter(render_version__lt=markdown.VERSION).order_by("pk")
    texts = list(stale.values_list("pk", "body_source")[:limit])
    return sum([_rerender(pk, source) for pk, source in texts])


def rerender_all_posts() -> int:
    """Call `rerender_posts` until none is left. Returns their number."""
    done = 0
    while batch := rerender_posts():
        done += batch
    return done


def _rerender(pk: int, source: str) -> int:
    try:
        rendered = _get_rendered_fields(markdown.render(source))
    except markdown.TextTooComplex:
        rendered = {"render_version": markdown.VERSION}
    return Post.objects.filter(pk=pk, body_source=source).update(**rendered, changed_at=timezone.now())


def _clean_fields(fields: PostFields) -> PostFields:
    """Normalise line ends and remove characters that XML does not allow. Raises FieldTooLong."""
    given: dict[str, Any] = dict(fields)
    for name, value in given.items():
        if isinstance(value, str):
            given[name] = drop_non_xml(value).replace("\r\n", "\n").replace("\r", "\n")
    _check_lengths(given)
    return cast("PostFields", given)


def _set_fields(post: Post, fields: PostFields, story: Story | None) -> None:
    """Set model fields, and validate what the database would refuse without a message."""
    given: dict[str, Any] = dict(fields)
    for name in PLAIN_FIELDS:
        if name in given:
            value = given[name]
            setattr(post, name, value.strip() if isinstance(value, str) else value)
    if not has_visible_text(post.title):
        raise MissingTitle(field="title")
    if post.visibility != Post.Visibility.ENTITLED:
        post.entitlement_kind = post.entitlement_subject = ""
    elif not (post.entitlement_kind and post.entitlement_subject):
        raise MissingEntitlement(field="entitlement_subject")
    if "body" in given:
        text = given["body"].rstrip()
        post.body_source = text and f"{text}\n"
    if story is not None:
        for name, value in _get_rendered_fields(story).items():
            setattr(post, name, value)


def _check_lengths(given: dict[str, Any]) -> None:
    for name, most in MAX_LENGTHS.items():
        if len(given.get(name, "").strip()) > most:
            raise FieldTooLong(field=name, most=most)


def _get_rendered_fields(story: Story) -> dict[str, Any]:
    return {
        "body_html": story.html,
        "body_text": story.text,
        "word_count": story.words,
        "toc": [{"level": heading.level, "id": heading.id, "text": heading.text} for heading in story.toc],
        "render_version": markdown.VERSION,
    }


def _save_references(post: Post) -> None:
    cross_references.replace(("post", post.slug), markdown.CARD_MARK.findall(post.body_html))


def _save(post: Post) -> None:
    try:
        with transaction.atomic():
            post.save()
    except IntegrityError as refused:
        # A concurrent request took the slug.
        if violated_constraint(refused) != SLUG_CONSTRAINT:
            raise
        raise slugs.SlugTaken(field="slug", slug=post.slug) from None


def _change_slug(post: Post, wanted: str, by: Actor) -> bool:
    slug = slugs.clean_slug(wanted, of=post)
    if slug == post.slug:
        return False
    slugs.move_post(post, slug, by=by)
    return True


def _set_authors(post: Post, authors: Sequence[User], by: Actor) -> bool:
    wanted = list(dict.fromkeys(author.pk for author in authors))
    if not wanted:
        raise MissingAuthor(field="authors")
    if wanted == list(post.authorships.order_by("position").values_list("user_id", flat=True)):
        return False
    if wanted != [by.user.pk if by.user else None] and not by.can("blog.edit_any_post"):
        raise Denied(field="authors")
    post.authorships.all().delete()
    PostAuthor.objects.bulk_create(
        PostAuthor(post=post, user_id=author, position=place) for place, author in enumerate(wanted)
    )
    return True


def _get_state(post: Post) -> dict[str, Any]:
    return {name: getattr(post, name) for name in (*PLAIN_FIELDS, "body_source", "slug")}


def _get_texts(post: Post) -> dict[str, Any]:
    return {
        "title": post.title,
        "excerpt": post.excerpt,
        "body": post.body_source,
        "lock_version": post.lock_version,
    }
