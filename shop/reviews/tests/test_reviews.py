"""Reviews: by buyers, once, and counted."""

from typing import Any

import pytest

from core.context import Actor
from core.errors import Denied
from core.testing import events_named, failures, no_event, race, snapshot
from shop.catalogue.models import Product
from shop.payments.services import refunds
from shop.reviews import services as reviews
from shop.reviews.models import Review
from shop.reviews.services import AlreadyReviewed, InvalidReview, NotABuyer
from shop.tests.factories import SYSTEM, VariantFactory, paid, place

pytestmark = pytest.mark.usefixtures("sums_hold")


@pytest.fixture
def bought(customer: Any) -> Product:
    variant = VariantFactory()
    paid({variant: 1}, user=customer)
    return Product.objects.get()


def stars() -> tuple[int, int]:
    product = Product.objects.get()
    return product.rating_count, product.rating_sum


def test_a_buyer_writes_a_verified_review(bought: Product, customer: Any) -> None:
    made = reviews.write_review(
        product_id=bought.pk, rating=4, title=" Good ", body="Holds tea.", by=Actor.person(customer)
    )

    assert (made.status, made.title, made.is_verified) == ("published", "Good", True)
    assert stars() == (1, 4)
    assert events_named("review.published")[0].data == {"product": bought.slug, "rating": 4}


def test_those_who_did_not_buy_or_pay_write_none(bought: Product, stranger: Any) -> None:
    place({bought.variants.get(): 1}, user=stranger)

    for by in (Actor.guest(), Actor.person(stranger)):
        with pytest.raises(NotABuyer):
            reviews.write_review(product_id=bought.pk, rating=1, by=by)

    assert stars() == (0, 0)
    assert no_event("review.published")


def test_who_gave_it_back_unsent_is_no_buyer(bought: Product, customer: Any) -> None:
    asked = refunds.request_refund(order_id=customer.orders.get().pk, reason="x", by=SYSTEM)
    refunds.carry_out_refund(refund_id=asked.pk, by=SYSTEM)

    with pytest.raises(NotABuyer):
        reviews.write_review(product_id=bought.pk, rating=1, by=Actor.person(customer))


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_stars_are_one_to_five(bought: Product, customer: Any, rating: int) -> None:
    with pytest.raises(InvalidReview):
        reviews.write_review(product_id=bought.pk, rating=rating, by=Actor.person(customer))

    assert not Review.objects.exists()


def test_hiding_takes_the_stars_and_publishing_gives_them_back(bought: Product, customer: Any, manager: Any) -> None:
    made = reviews.write_review(product_id=bought.pk, rating=5, by=Actor.person(customer))
    by = Actor.person(manager)

    for publish, expected in ((False, (0, 0)), (False, (0, 0)), (True, (1, 5))):
        reviews.moderate_review(review_id=made.pk, publish=publish, by=by)
        assert stars() == expected

    assert len(events_named("review.hidden")) == 1


def test_only_those_who_may_moderate_do(bought: Product, customer: Any) -> None:
    made = reviews.write_review(product_id=bought.pk, rating=1, by=Actor.person(customer))
    before = snapshot("shop.Review", "shop.Product", "core.Event")

    with pytest.raises(Denied):
        reviews.moderate_review(review_id=made.pk, publish=False, by=Actor.person(customer))

    assert snapshot("shop.Review", "shop.Product", "core.Event") == before


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_write_one_review(db: None, customer: Any) -> None:
    paid({VariantFactory(): 1}, user=customer)
    product = Product.objects.get()
    by = Actor.person(customer)

    results = race(*[lambda: reviews.write_review(product_id=product.pk, rating=3, by=by)] * 10)

    assert {type(failure) for failure in failures(results)} == {AlreadyReviewed}
    assert stars() == (1, 3)


def test_ones_own_review_cannot_be_reported_and_stars_are_words_too(
    bought: Product, customer: Any, client: Any
) -> None:
    path = f"/shop/p/{bought.slug}/reviews/"
    client.force_login(customer)
    form = client.get(path).content.decode()
    reviews.write_review(product_id=bought.pk, rating=4, title="Good", by=Actor.person(customer))

    own = client.get(path).content.decode()
    client.logout()
    foreign = client.get(path).content.decode()

    assert form.count('type="radio" name="rating"') == 5
    assert '<span class="star-label">5, love it</span>' in form
    assert "Report" not in own
    assert '<a class="quiet" rel="nofollow"' in foreign
