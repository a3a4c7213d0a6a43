"""Customer reviews about what they bought."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.moderation.models import Case
from accounts.moderation.services import cases, spam
from accounts.moderation.spam import Outcome, SubmissionContext
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from core.events import services as events
from shop.catalogue.models import Product
from shop.orders.models import Order, OrderLine
from shop.reviews.models import Review

EVENTS = {
    Review.Status.PENDING: "review.held",
    Review.Status.PUBLISHED: "review.published",
    Review.Status.HIDDEN: "review.hidden",
}


class NotABuyer(Denied):
    code = "not_a_buyer"
    message = _("Only customers who bought this product can review it.")


class AlreadyReviewed(Conflict):
    code = "already_reviewed"
    message = _("You have already reviewed this product.")


class InvalidReview(Invalid):
    code = "invalid_review"
    message = _("Give one to five stars.")


@transaction.atomic
def write_review(
    *,
    product_id: int,
    rating: int,
    by: Actor,
    title: str = "",
    body: str = "",
    how: SubmissionContext = spam.NO_CONTEXT,
    now: datetime | None = None,
) -> Review:
    """Publish a buyer's review of a product; one that looks like spam waits in the queue.

    Locks the product. Raises NotABuyer, AlreadyReviewed, InvalidReview, Banned, LooksLikeSpam. Records
    review.published or review.held.
    """
    now = now or timezone.now()
    line = get_purchase(product_id, by)
    if by.user is None or line is None:
        raise NotABuyer
    if not 1 <= rating <= 5:  # noqa: PLR2004  stars
        raise InvalidReview(field="rating")
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
    if Review.objects.filter(product=product, user=by.user).exists():
        raise AlreadyReviewed
    bans.require_not_banned(by=by, scope=Ban.Scope.REVIEW, network=how.network, now=now)
    # All who review have bought, so here a purchase alone makes nobody trusted.
    verdict = spam.check_text(text=f"{title}\n{body}", by=by, how=how, now=now)
    is_fine = verdict.outcome is Outcome.FINE
    review = Review.objects.create(
        product=product,
        user=by.user,
        line=line,
        rating=rating,
        title=title.strip()[:120],
        body=body.strip()[:4000],
        status=Review.Status.PUBLISHED if is_fine else Review.Status.PENDING,
        created_at=now,
    )
    if is_fine:
        _update_rating(review, 1)
    else:
        cases.open_case(
            kind=Review.public_kind,
            subject_id=review.public_id,
            author=by.user,
            by=by,
            score=verdict.score,
            reasons=verdict.reasons,
            now=now,
        )
    events.record(EVENTS[Review.Status(review.status)], review, by=by, now=now, product=product.slug, rating=rating)
    return review


@transaction.atomic
def moderate_review(*, review_id: int, publish: bool, by: Actor, now: datetime | None = None) -> Review:
    """Publish or hide a review; one that is so already stays. Locks its open case, the review, then its product.

    Raises Denied. Records review.published or review.hidden.
    """
    by.require("shop.moderate_review")
    uid = Review.objects.values_list("uid", flat=True).get(pk=review_id)
    act = Case.Act.APPROVE if publish else Case.Act.REFUSE
    cases.close_case(kind=Review.public_kind, subject_id=str(uid), act=act, by=by, now=now)
    return _change_status(review_id, Review.Status.PUBLISHED if publish else Review.Status.HIDDEN, by=by, now=now)


@transaction.atomic
def return_review(*, review_id: int, status: str, by: Actor, now: datetime | None = None) -> Review:
    """Give a review a status that it had, when a decision is taken back. Locks the review, then its product.

    Raises Denied. Records review.published, review.hidden or review.held.
    """
    by.require("shop.moderate_review")
    return _change_status(review_id, Review.Status(status), by=by, now=now)


def get_purchase(product_id: int, by: Actor) -> OrderLine | None:
    """The line of a paid order that makes this person a buyer of the product, or None; one query."""
    if by.user is None:
        return None
    bought = OrderLine.objects.filter(
        order__user=by.user, order__status__in=Order.CONFIRMED, variant__product=product_id
    )
    return bought.order_by("-id").first()


def _change_status(review_id: int, wanted: Review.Status, *, by: Actor, now: datetime | None) -> Review:
    review = Review.objects.select_for_update(of=("self",), no_key=True).select_related("product").get(pk=review_id)
    if review.status == wanted:
        return review
    if Review.Status.PUBLISHED in (review.status, wanted):
        _update_rating(review, 1 if wanted == Review.Status.PUBLISHED else -1)
    review.status = wanted
    review.save(update_fields=["status"])
    events.record(EVENTS[wanted], review, by=by, now=now, product=review.product.slug, rating=review.rating)
    return review


def _update_rating(review: Review, change: int) -> None:
    Product.objects.filter(pk=review.product_id).update(
        rating_count=F("rating_count") + change, rating_sum=F("rating_sum") + change * review.rating
    )
