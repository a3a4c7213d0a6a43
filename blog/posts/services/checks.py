"""Advisory checks before publishing. They never block anything."""

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
    """One check: whether it passed, and what to do if not."""

    label: str | Promise
    passed: bool
    hint: str | Promise = ""


def run_checks(post: Post) -> list[Check]:
    """Run all checks for a post as a visitor sees it. The queries of its cards, and one for its images."""
    return [
        Check(_("Title"), has_visible_text(post.title), _("Write a title.")),
        Check(_("Text"), has_visible_text(post.body_source), _("Write the text.")),
        Check(_("Excerpt"), has_visible_text(post.excerpt), _("It is shown in lists, feeds and search results.")),
        _pictures(post),
        _products(post),
    ]


def find_missing_cards(post: Post) -> list[str]:
    """Return the ids of cards that a visitor will not see, such as unknown SKUs, in order."""
    pairs = list(dict.fromkeys(markdown.CARD_MARK.findall(post.body_html)))
    found = cards.resolve(pairs, Grant.anonymous())
    return [public_id for kind, public_id in pairs if (kind, public_id) not in found or not found[kind, public_id].url]


def _products(post: Post) -> Check:
    missing = find_missing_cards(post)
    hint = _("Unknown products: %(ids)s. Correct the SKU, or remove the line.") % {"ids": ", ".join(missing)}
    return Check(_("Products"), not missing, hint if missing else "")


def _pictures(post: Post) -> Check:
    marks = markdown.PICTURE_MARK.findall(post.body_html)
    known = {str(picture.uid): picture for picture in Picture.objects.filter(uid__in={uid for _alt, uid in marks})}
    if any(uid not in known for _alt, uid in marks):
        return Check(_("Pictures"), False, _("An image in the text does not exist. Remove it, or upload it again."))
    silent = IMAGE_WITHOUT_ALT.search(post.body_html) or any(not alt and not known[uid].alt for alt, uid in marks)
    silent = silent or (post.cover is not None and not post.cover.alt)
    return Check(_("Alternative text"), not silent, _("Describe each image: ![alternative text](picture:…)."))
