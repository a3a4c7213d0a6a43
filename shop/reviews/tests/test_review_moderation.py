"""Reviews in the queue: held, decided, taken back; the stars of a product count what is shown."""

import pytest

from accounts.bans import services as bans
from accounts.bans.services import Banned
from accounts.moderation.models import Case, SpamWord
from accounts.moderation.services import cases
from accounts.moderation.services.spam import LooksLikeSpam
from accounts.tests.factories import UserFactory
from core.context import Actor
from core.testing import events_named, no_event
from shop.catalogue.models import Product
from shop.reviews import services as reviews
from shop.reviews.models import Review
from shop.tests.factories import SYSTEM, VariantFactory, paid, shop_ready

pytestmark = pytest.mark.django_db

LINKS = "https://a.example https://b.example https://c.example"


@pytest.fixture
def piece():
    shop_ready()
    return VariantFactory(stock=9)


@pytest.fixture
def buyer(piece):
    user = UserFactory()
    paid({piece: 1}, user=user)
    return user


def write(piece, buyer, body="Very blue."):
    return reviews.write_review(product_id=piece.product_id, rating=5, body=body, by=Actor.person(buyer))


def stars(piece):
    return Product.objects.values_list("rating_count", "rating_sum").get(pk=piece.product_id)


def test_a_buyer_who_advertises_waits_and_no_star_counts(piece, buyer):
    review = write(piece, buyer, LINKS)

    assert (review.status, stars(piece)) == ("pending", (0, 0))
    case = Case.objects.get()
    assert (case.kind, case.subject_id, case.author) == ("review", review.public_id, buyer)
    assert [len(events_named("review.held")), no_event("review.published")] == [1, True]


def test_what_is_surely_spam_is_refused(piece, buyer):
    SpamWord.objects.create(text="casino", points=90)

    with pytest.raises(LooksLikeSpam):
        write(piece, buyer, "casino")

    assert not Review.objects.exists()


def test_letting_it_stand_counts_and_taking_back_does_not(piece, buyer, manager):
    write(piece, buyer, LINKS)
    case, by = Case.objects.get(), Actor.person(manager)

    decided = cases.decide(case_uid=case.uid, version=1, act="approve", by=by)
    counted = stars(piece)
    cases.undo_decision(case_uid=case.uid, version=decided.version, by=by)

    assert (counted, stars(piece)) == ((1, 5), (0, 0))
    assert Review.objects.get().status == "pending"


def test_what_the_admin_decides_leaves_the_queue(piece, buyer, manager):
    review = write(piece, buyer, LINKS)

    reviews.moderate_review(review_id=review.pk, publish=True, by=Actor.person(manager))

    assert (Case.objects.get().state, stars(piece)) == ("decided", (1, 5))


def test_who_is_banned_reviews_nothing(piece, buyer):
    bans.ban(user=buyer, scope="review", reason="abuse", by=SYSTEM)

    with pytest.raises(Banned):
        write(piece, buyer)

    assert not Review.objects.exists()


def test_reviews_are_reported_from_the_product_page(client, piece, buyer):
    review = write(piece, buyer)

    page = client.get(f"/shop/p/{piece.product.slug}/").content.decode()

    assert f"/reports/review/{review.uid}/" in page
    assert client.get(f"/reports/review/{review.uid}/").status_code == 200
