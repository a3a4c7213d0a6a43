"""Addresses of posts: one post each, for ever; an old one leads to where the post is now."""

from itertools import count

from django.utils.translation import gettext_lazy as _

from blog.posts.models import MAX_SLUG_LENGTH, Post, SlugRedirect
from core.composition import cross_references
from core.context import Actor
from core.errors import Conflict, Invalid
from core.events import services as events
from core.validation.slugs import make_slug

# First steps of the journal's own addresses.
RESERVED_SLUGS = frozenset({"by", "comments", "feed", "tag"})


class InvalidSlug(Invalid):
    code = "bad_slug"
    message = _("An address needs letters or digits, and some words are taken: by, comments, feed, tag.")


class SlugTaken(Conflict):
    code = "slug_taken"
    message = _("Another post has the address “%(slug)s”.")


def clean_slug(wanted: str, *, of: Post | None = None) -> str:
    """The address as it will be. Raises BadSlug, SlugTaken. One query."""
    slug = make_slug(wanted, MAX_SLUG_LENGTH)
    if not slug or slug in RESERVED_SLUGS:
        raise InvalidSlug(field="slug")
    others = Post.objects.filter(slug=slug)
    if (others.exclude(pk=of.pk) if of else others).exists():
        raise SlugTaken(field="slug", slug=slug)
    return slug


def generate_slug(title: str, *, of: Post | None = None) -> str:
    """An address made from a title that no other post has or had. Two queries."""
    stem = make_slug(title, MAX_SLUG_LENGTH - 5)
    stem = stem if stem and stem not in RESERVED_SLUGS else f"{stem or 'a'}-post"
    own = of.pk if of else 0
    posts = Post.objects.filter(slug__startswith=stem).exclude(pk=own)
    former = SlugRedirect.objects.filter(old_slug__startswith=stem).exclude(post=own)
    taken = {*posts.values_list("slug", flat=True), *former.values_list("old_slug", flat=True)}
    numbered = (f"{stem}-{number}" for number in count(2))
    return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)


def move_post(post: Post, slug: str, *, by: Actor) -> None:
    """Give a locked post another address; the caller saves it. What was once public leads on from the old one.

    Records post.moved about the new address.
    """
    old, post.slug = post.slug, slug
    SlugRedirect.objects.filter(old_slug=slug).delete()
    if post.first_published_at is not None:
        SlugRedirect.objects.update_or_create(old_slug=old, defaults={"post": post})
    cross_references.replace(("post", old), [])
    events.record("post.moved", post, by=by, old=old, new=slug)
