"""Slugs of posts. A slug belongs to one post permanently; old slugs redirect."""

from itertools import count

from django.utils.translation import gettext_lazy as _

from blog.posts.models import MAX_SLUG_LENGTH, Post, SlugRedirect
from core.composition import cross_references
from core.context import Actor
from core.errors import Conflict, Invalid
from core.events import services as events
from core.validation.slugs import make_slug

# First path segments of the journal's own URLs.
RESERVED_SLUGS = frozenset({"by", "comments", "feed", "tag"})


class InvalidSlug(Invalid):
    code = "bad_slug"
    message = _("A slug needs letters or digits, and cannot be one of: by, comments, feed, tag.")


class SlugTaken(Conflict):
    code = "slug_taken"
    message = _("Another post uses the slug “%(slug)s”.")


def clean_slug(wanted: str, *, of: Post | None = None) -> str:
    """Return the normalised slug. Raises InvalidSlug, SlugTaken. One query."""
    slug = make_slug(wanted, MAX_SLUG_LENGTH)
    if not slug or slug in RESERVED_SLUGS:
        raise InvalidSlug(field="slug")
    others = Post.objects.filter(slug=slug)
    if (others.exclude(pk=of.pk) if of else others).exists():
        raise SlugTaken(field="slug", slug=slug)
    return slug


def generate_slug(title: str, *, of: Post | None = None) -> str:
    """Return a slug made from the title that no post has or had. Two queries."""
    stem = make_slug(title, MAX_SLUG_LENGTH - 5)
    stem = stem if stem and stem not in RESERVED_SLUGS else f"{stem or 'a'}-post"
    own = of.pk if of else 0
    posts = Post.objects.filter(slug__startswith=stem).exclude(pk=own)
    former = SlugRedirect.objects.filter(old_slug__startswith=stem).exclude(post=own)
    taken = {*posts.values_list("slug", flat=True), *former.values_list("old_slug", flat=True)}
    numbered = (f"{stem}-{number}" for number in count(2))
    return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)


def move_post(post: Post, slug: str, *, by: Actor) -> None:
    """Change the slug of a locked post; the caller saves it. If the post was ever public, the old slug redirects.

    Records post.moved about the new slug.
    """
    old, post.slug = post.slug, slug
    SlugRedirect.objects.filter(old_slug=slug).delete()
    if post.first_published_at is not None:
        SlugRedirect.objects.update_or_create(old_slug=old, defaults={"post": post})
    cross_references.replace(("post", old), [])
    events.record("post.moved", post, by=by, old=old, new=slug)
