"""What an author should look at before a post is published. Nothing here refuses anything."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from blog.posts.models import Post
from blog.posts.services.publishing import IMAGE_WITHOUT_ALT
from core.composition import cards
from core.content import markdown
from core.content.models import Picture
from core.context import Grant
from core.validation.text import has_visible_text


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: whether it is in order, and what to do if not."""

    label: str | Promise
    passed: bool
    hint: str | Promise = ""


def run_checks(post: Post) -> list[Check]:
    """The list for one post, as a visitor will meet it; the queries of its cards, and one for its pictures."""
    return [
        Check(_("Title"), has_visible_text(post.title), _("Write a title.")),
        Check(_("Text"), has_visible_text(post.body_source), _("Write a text.")),
        Check(_("Excerpt"), has_visible_text(post.excerpt), _("Lists, feeds and search engines show it.")),
        _pictures(post),
        _products(post),
    ]


def find_missing_cards(post: Post) -> list[str]:
    """The ids of what the text names and a visitor will not see, such as unknown SKUs, in order."""
    pairs = list(dict.fromkeys(markdown.CARD_MARK.findall(post.body_html)))
    found = cards.resolve(pairs, Grant.anonymous())
    return [public_id for kind, public_id in pairs if (kind, public_id) not in found or not found[kind, public_id].url]


def _products(post: Post) -> Check:
    missing = find_missing_cards(post)
    hint = _("Not in the shop: %(ids)s. Correct the SKU, or remove the line.") % {"ids": ", ".join(missing)}
    return Check(_("Products"), not missing, hint if missing else "")


def _pictures(post: Post) -> Check:
    marks = markdown.PICTURE_MARK.findall(post.body_html)
    known = {str(picture.uid): picture for picture in Picture.objects.filter(uid__in={uid for _alt, uid in marks})}
    if any(uid not in known for _alt, uid in marks):
        return Check(_("Pictures"), False, _("A picture of the text does not exist. Remove it, or upload it again."))
    silent = IMAGE_WITHOUT_ALT.search(post.body_html) or any(not alt and not known[uid].alt for alt, uid in marks)
    silent = silent or (post.cover is not None and not post.cover.alt)
    return Check(_("Alternative texts"), not silent, _("Say what each picture shows: ![words](picture:…)."))
