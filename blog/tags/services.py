"""Assign tags to posts by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from blog.tags.models import MAX_TAG_LENGTH, PostTag, Tag, TagAlias
from core.errors import Invalid
from core.validation.slugs import make_slug
from core.validation.xml_text import drop_non_xml

if TYPE_CHECKING:
    from blog.posts.models import Post

MAX_TAGS = 12


class TooManyTags(Invalid):
    code = "too_many_tags"
    message = _("A post can have at most %(most)s tags.")


class InvalidTag(Invalid):
    code = "bad_tag"
    message = _("“%(name)s” is not a valid tag. Use letters or digits, at most 60 characters.")


def clean_names(names: Sequence[str]) -> dict[str, str]:
    """Map slugs to names, in order. Raises TooManyTags, InvalidTag."""
    cleaned = [drop_non_xml(name).strip() for name in names]
    slugs = {_make_slug(name): name for name in cleaned if name}
    if len(slugs) > MAX_TAGS:
        raise TooManyTags(field="tags", most=MAX_TAGS)
    return slugs


def set_tags(post: "Post", names: Sequence[str]) -> bool:
    """Set the tags of a post, in this order, and create unknown ones. Returns whether anything changed.

    Raises TooManyTags, InvalidTag.
    """
    wanted = [tag.pk for tag in _get_or_create_tags(names)]
    if wanted == list(post.taggings.order_by("position").values_list("tag_id", flat=True)):
        return False
    post.taggings.all().delete()
    PostTag.objects.bulk_create(PostTag(post=post, tag_id=tag, position=place) for place, tag in enumerate(wanted))
    return True


def _get_or_create_tags(names: Sequence[str]) -> list[Tag]:
    """Return tags by name, slug or alias, and create missing ones. At most four queries."""
    slugs = clean_names(names)
    found = _find_tags(slugs)
    missing = [Tag(slug=slug, name=name) for slug, name in slugs.items() if slug not in found]
    if missing:
        # A concurrent request may create the same tag; both then use the first one.
        Tag.objects.bulk_create(missing, ignore_conflicts=True)
        found = _find_tags(slugs)
    return list(dict.fromkeys(found[slug] for slug in slugs))


def _find_tags(slugs: dict[str, str]) -> dict[str, Tag]:
    lowered = {name.lower(): slug for slug, name in slugs.items()}
    by_name = Tag.objects.annotate(lowered=Lower("name")).filter(lowered__in=list(lowered))
    aliases = TagAlias.objects.filter(slug__in=list(slugs)).select_related("tag")
    return (
        {lowered[tag.lowered]: tag for tag in by_name}
        | {alias.slug: alias.tag for alias in aliases}
        | {tag.slug: tag for tag in Tag.objects.filter(slug__in=list(slugs))}
    )


def _make_slug(name: str) -> str:
    slug = make_slug(name, 2 * MAX_TAG_LENGTH)
    if not slug or len(slug) > MAX_TAG_LENGTH or len(name.strip()) > MAX_TAG_LENGTH:
        raise InvalidTag(field="tags", name=name.strip())
    return slug
