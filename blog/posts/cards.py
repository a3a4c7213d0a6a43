"""Post cards for other apps."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from blog.posts import queries
from blog.posts.models import Post
from core.composition import cards
from core.composition.cards import Card
from core.context import Grant


@cards.register("post")
def post_cards(slugs: list[str], viewer: Grant) -> Mapping[str, Card]:
    """Return cards of published posts by slug. An old slug returns the card of the moved post.

    One query; two more when a slug is unknown.
    """
    found = _build_cards(slugs)
    if missing := [slug for slug in slugs if slug not in found]:
        moved = queries.get_current_slugs(missing)
        now = _build_cards(list(moved.values())) if moved else {}
        found |= {old: now[new] for old, new in moved.items() if new in now}
    return found


def post_card(post: Post) -> Card:
    """Return the card of a post whose cover is loaded. `state` names the audience unless the post is public."""
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
    words = {Post.Visibility.MEMBERS: _("Members only"), Post.Visibility.ENTITLED: _("Customers only")}
    return words.get(Post.Visibility(post.visibility), "")


def _build_cards(slugs: list[str]) -> dict[str, Card]:
    return {post.slug: post_card(post) for post in queries.get_published_cards().filter(slug__in=slugs)}
