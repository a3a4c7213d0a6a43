"""Posts, small, for other apps to show."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from blog.posts import queries
from blog.posts.models import Post
from core.composition import cards
from core.composition.cards import Card
from core.context import Grant


@cards.register("post")
def post_cards(slugs: list[str], viewer: Grant) -> Mapping[str, Card]:
    """Cards of published posts by address; an old address gives the card of where the post is now.

    One query; two more when an address is not known.
    """
    found = _build_cards(slugs)
    if missing := [slug for slug in slugs if slug not in found]:
        moved = queries.get_current_slugs(missing)
        now = _build_cards(list(moved.values())) if moved else {}
        found |= {old: now[new] for old, new in moved.items() if new in now}
    return found


def post_card(post: Post) -> Card:
    """A post with its cover at hand. `state` is who may read it, unless everybody may."""
    return Card(
        kind="post",
        id=post.slug,
        title=post.title,
        url=post.get_absolute_url(),
        summary=post.excerpt,
        image=post.cover.image if post.cover else None,
        state=describe_status(post),
    )


def describe_status(post: Post) -> str:
    words = {Post.Visibility.MEMBERS: _("With an account"), Post.Visibility.ENTITLED: _("For buyers")}
    return words.get(Post.Visibility(post.visibility), "")


def _build_cards(slugs: list[str]) -> dict[str, Card]:
    return {post.slug: post_card(post) for post in queries.get_published_cards().filter(slug__in=slugs)}
