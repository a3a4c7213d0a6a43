"""Reviews in the queue of staff."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.moderation import registry as moderation
from accounts.moderation.registry import ContentSource, ReportedContent, ReportTarget
from core.context import Actor, Grant
from core.ids import uuids
from shop.listing.cards import get_product_url
from shop.reviews import services as reviews
from shop.reviews.models import Review


def show(ids: Collection[str]) -> Mapping[str, ReportedContent]:
    found = Review.objects.filter(uid__in=uuids(ids)).select_related("user", "product")
    return {review.public_id: _shown(review) for review in found}


def find(uid: str, viewer: Grant) -> ReportTarget | None:
    review = Review.objects.published().filter(uid__in=uuids([uid])).select_related("user", "product").first()
    return None if review is None else ReportTarget(_title(review), _link(review), review.user)


def decide(uid: str, stands: bool, by: Actor, now: datetime) -> str:
    review = Review.objects.filter(uid=uid).first()
    if review is None:
        return ""
    reviews.moderate_review(review_id=review.pk, publish=stands, by=by, now=now)
    return str(review.status)


def restore(uid: str, state: str, by: Actor, now: datetime) -> None:
    review = Review.objects.filter(uid=uid).first()
    if review is not None:
        reviews.return_review(review_id=review.pk, status=state, by=by, now=now)


def _shown(review: Review) -> ReportedContent:
    text = "\n".join(part for part in (f"{review.rating} / 5", review.title, review.body) if part)
    return ReportedContent(_title(review), text, _link(review), review.user.display_name, review.get_status_display())


def _title(review: Review) -> str:
    return str(_("A review of %(title)s") % {"title": review.product.title})


def _link(review: Review) -> str:
    return f"{get_product_url(review.product.slug)}#review-{review.uid}"


moderation.register(
    ContentSource(
        kind=Review.public_kind,
        words=_("Reviews"),
        permission="shop.moderate_review",
        show=show,
        find=find,
        decide=decide,
        restore=restore,
        hidden=Review.Status.PENDING.value,
    )
)
