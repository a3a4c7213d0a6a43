"""Fill the placeholders that `core.content.markdown` leaves in stored HTML: cards of other apps, and images."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from html import unescape
from re import Match
from urllib.parse import urlencode

from django.utils.safestring import SafeString, mark_safe

from blog.posts.models import Post
from core.composition import attribution, cards
from core.composition.cards import Card
from core.content import markdown
from core.content.models import Picture
from core.context import Grant
from core.media.images import Image

RenderCard = Callable[[Card | None], str]
RenderImage = Callable[[Image], str]
CardKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Contents:
    """Cards and images that posts refer to, resolved for one viewer."""

    cards: Mapping[CardKey, Card]
    pictures: Mapping[str, Image]


NO_CONTENTS = Contents({}, {})


def load_contents(posts: Iterable[Post], viewer: Grant) -> Contents:
    """Resolve what posts refer to: the resolver's queries for each kind of card, and one for images if there are
    any.
    """
    texts = [post.body_html for post in posts]
    pairs = [pair for text in texts for pair in markdown.CARD_MARK.findall(text)]
    uids = {uid for text in texts for _, uid in markdown.PICTURE_MARK.findall(text)}
    found = Picture.objects.filter(uid__in=uids) if uids else ()
    return Contents(cards.resolve(pairs, viewer), {str(picture.uid): picture.image for picture in found})


def add_attribution(contents: Contents, post: Post) -> Contents:
    """Return the contents of one post with attribution in links and forms, so that sales are attributed to the post."""
    pairs = dict.fromkeys(markdown.CARD_MARK.findall(post.body_html))
    return replace(
        contents, cards={pair: _add_attribution(contents.cards[pair], post) for pair in pairs if pair in contents.cards}
    )


def fill_placeholders(html: str, contents: Contents, *, card: RenderCard, picture: RenderImage) -> SafeString:
    """Return the HTML with its placeholders replaced. An unknown card is rendered as None, a missing image as
    nothing.
    """

    def draw_card(mark: Match[str]) -> str:
        return card(contents.cards.get((mark[1], mark[2])))

    def draw_picture(mark: Match[str]) -> str:
        image = contents.pictures.get(mark[2])
        return "" if image is None else picture(replace(image, alt=unescape(mark[1]) or image.alt))

    filled = markdown.PICTURE_MARK.sub(draw_picture, markdown.CARD_MARK.sub(draw_card, html))
    return mark_safe(filled)


def _add_attribution(card: Card, post: Post) -> Card:
    ref = {"ref": attribution.sign((post.public_kind, post.public_id))}
    action = card.action
    if action is not None and action.method == "post":
        action = replace(action, fields={**(action.fields or {}), **ref})
    elif action is not None:
        action = replace(action, url=_with_query(action.url, ref))
    return replace(card, url=_with_query(card.url, ref), action=action)


def _with_query(url: str, values: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(values)}"
