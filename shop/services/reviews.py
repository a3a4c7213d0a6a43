"""What buyers say about what they bought."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import events
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from shop.models import Order, OrderLine, Product, Review


class NotABuyer(Denied):
    code = "not_a_buyer"
    message = _("Only those who bought it can review it.")


class AlreadyReviewed(Conflict):
    code = "already_reviewed"
    message = _("You have reviewed this already.")


class InvalidReview(Invalid):
    code = "invalid_review"
    message = _("Give one to five stars.")


@transaction.atomic
def write_review(
    *, product_id: int, rating: int, by: Actor, title: str = "", body: str = "", now: datetime | None = None
) -> Review:
    """Publish a buyer's review of a product; staff may hide it later.

    Locks the product. Raises NotABuyer, AlreadyReviewed, InvalidReview. Records review.published.
    """
    line = purchase_of(product_id, by)
    if by.user is None or line is None:
        raise NotABuyer
    if not 1 <= rating <= 5:  # noqa: PLR2004  stars
        raise InvalidReview(field="rating")
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
    if Review.objects.filter(product=product, user=by.user).exists():
        raise AlreadyReviewed
    review = Review.objects.create(
        product=product,
        user=by.user,
        line=line,
        rating=rating,
        title=title.strip()[:120],
        body=body.strip()[:4000],
        created_at=now or timezone.now(),
    )
    _count(review, 1)
    events.record("review.published", review, by=by, now=now, product=product.slug, rating=rating)
    return review


@transaction.atomic
def moderate_review(*, review_id: int, publish: bool, by: Actor, now: datetime | None = None) -> Review:
    """Publish or hide a review; one that is so already stays. Locks the review, then its product.

    Raises Denied. Records review.published or review.hidden.
    """
    if not by.can("shop.moderate_review"):
        raise Denied
    review = Review.objects.select_for_update(of=("self",), no_key=True).select_related("product").get(pk=review_id)
    wanted = Review.Status.PUBLISHED if publish else Review.Status.HIDDEN
    if review.status == wanted:
        return review
    if Review.Status.PUBLISHED in (review.status, wanted):
        _count(review, 1 if publish else -1)
    review.status = wanted
    review.save(update_fields=["status"])
    events.record(f"review.{wanted.value}", review, by=by, now=now, product=review.product.slug, rating=review.rating)
    return review


def purchase_of(product_id: int, by: Actor) -> OrderLine | None:
    """The line of a paid order that makes this person a buyer of the product, or None; one query."""
    if by.user is None:
        return None
    bought = OrderLine.objects.filter(
        order__user=by.user, order__status__in=Order.CONFIRMED, variant__product=product_id
    )
    return bought.order_by("-id").first()


def _count(review: Review, change: int) -> None:
    Product.objects.filter(pk=review.product_id).update(
        rating_count=F("rating_count") + change, rating_sum=F("rating_sum") + change * review.rating
    )
