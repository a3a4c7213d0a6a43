"""A product's page: the variant that is looked at, what there is to choose, what it costs to show."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from core.composition import attribution, cards, cross_references
from core.composition.cards import Card
from shop.catalogue.models import Product, ProductSlug
from shop.listing.offers import Offer, StockStatus
from shop.listing.options import build_options
from shop.reviews.models import Review
from shop.tests.factories import (
    MarketFactory,
    OptionFactory,
    OptionValueFactory,
    PriceFactory,
    ProductFactory,
    VariantFactory,
    paid,
    set_stock,
    shop_ready,
)
from shop.tests.pages import product_with, variant_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market() -> Any:
    return shop_ready()


def test_the_page_shows_the_variant_of_the_address(client: Client):
    product_with("mug", celadon=5, moss=2)

    page = client.get("/shop/p/mug/?variant=MUG-MOSS")

    assert page.context["offer"].sku == "MUG-MOSS"
    assert "Only 2 left" in page.content.decode()
    assert "€34.00" in page.content.decode()


def test_without_a_variant_it_shows_one_that_can_be_bought(client: Client):
    product_with("mug", celadon=0, moss=2)

    assert client.get("/shop/p/mug/").context["offer"].sku == "MUG-MOSS"


@pytest.mark.parametrize("chosen", ["moss", "celadon"])
def test_chosen_options_lead_to_their_variant(client: Client, chosen: str):
    product_with("mug", celadon=5, moss=5)

    assert client.get(f"/shop/p/mug/?choose-glaze={chosen}").context["offer"].sku == f"MUG-{chosen.upper()}"


def test_each_value_says_whether_it_fits_is_sold_out_or_changes_another_choice():
    def offer(sku: str, left: int, **values: str) -> Offer:
        from shop.listing.offers import Choice

        choices = tuple(Choice(option, option.title(), value, value.title(), "") for option, value in values.items())
        stock = StockStatus.IN_STOCK if left else StockStatus.SOLD_OUT
        return Offer(sku, "", Product(), None, stock, left, left, bool(left), 0, False, choices, None)  # type: ignore[arg-type]

    small_moss = offer("1", 5, glaze="moss", size="small")
    offers = [
        small_moss,
        offer("2", 5, glaze="moss", size="large"),
        offer("3", 5, glaze="celadon", size="large"),
        offer("4", 0, glaze="ochre", size="small"),
    ]

    shown = build_options(offers, small_moss)

    states = {value.value: (value.checked, value.state) for option in shown for value in option.values}
    assert states == {
        "moss": (True, ""),
        "celadon": (False, "incompatible"),
        "ochre": (False, "sold-out"),
        "small": (True, ""),
        "large": (False, ""),
    }


def test_a_script_gets_the_form_only(client: Client):
    product_with("mug", celadon=5)

    text = client.get("/shop/p/mug/?choose-glaze=celadon", headers={"hx-request": "true"}).content.decode()

    assert 'id="buy"' in text
    assert "<html" not in text


@pytest.mark.parametrize(
    ("pieces", "backorders", "words", "can_buy"),
    [
        (10, 0, "In stock", True),
        (3, 0, "Only 3 left", True),
        (0, 5, "Made to order", True),
        (0, 0, "Out of stock", False),
    ],
)
def test_the_stock_is_told_in_words(client: Client, pieces: int, backorders: int, words: str, can_buy: bool):
    variant = variant_of(ProductFactory(slug="mug"), "celadon", pieces)
    set_stock(variant, 0, backorders=backorders)

    page = client.get("/shop/p/mug/")

    assert words in page.content.decode()
    assert page.context["offer"].can_buy is can_buy


def test_a_former_slug_leads_to_the_product_for_good(client: Client):
    product = product_with("mug", celadon=5)
    ProductSlug.objects.create(product=product, slug="cup")

    moved = client.get("/shop/p/cup/?variant=MUG-CELADON")

    assert (moved.status_code, moved["Location"]) == (301, "/shop/p/mug/?variant=MUG-CELADON")


def test_what_is_no_longer_made_is_gone_and_shows_what_is(client: Client):
    product_with("mug", celadon=5)
    variant_of(ProductFactory(slug="cup", title="Cup", status="archived"), "moss", 5)

    gone = client.get("/shop/p/cup/")

    assert gone.status_code == 410
    assert [card.title for card in gone.context["cards"]] == ["Mug"]


@pytest.mark.parametrize("slug", ["draft", "unknown"])
def test_what_is_not_published_is_not_here(client: Client, slug: str):
    variant_of(ProductFactory(slug="draft", status="draft"), "celadon", 5)

    assert client.get(f"/shop/p/{slug}/").status_code == 404


def test_what_has_no_price_here_is_not_for_sale(client: Client):
    variant = VariantFactory(product=ProductFactory(slug="mug"))
    variant.prices.all().delete()
    PriceFactory(variant=variant, market=MarketFactory(code="us", currency="USD", countries=["US"], is_default=False))

    page = client.get("/shop/p/mug/")

    assert page.context["offer"] is None
    assert "Currently unavailable" in page.content.decode()


def test_machines_read_the_product_and_no_title_breaks_out(client: Client):
    title = 'Mug </script><script>alert("x")</script>'
    variant_of(ProductFactory(slug="mug", title=title), "celadon", 5)

    text = client.get("/shop/p/mug/").content.decode()

    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    data = json.loads(block)
    assert data["name"] == title
    assert data["offers"][0]["price"] == "34.00"
    assert data["offers"][0]["availability"] == "https://schema.org/InStock"
    assert "<script>alert" not in text


@pytest.mark.parametrize(
    ("ref", "kept"), [(attribution.sign(("post", "on-glazes")), True), ("forged", False)], ids=["signed", "forged"]
)
def test_a_signed_ref_is_carried_into_the_form(client: Client, ref: str, kept: bool):
    product_with("mug", celadon=5)

    page = client.get("/shop/p/mug/", {"ref": ref})

    assert (f'name="ref" value="{ref}"' in page.content.decode()) is kept


def test_only_a_buyer_is_asked_for_a_review(client: Client, customer: Any, stranger: Any):
    product = product_with("mug", celadon=5)
    paid({product.variants.get(): 1}, user=customer)

    client.force_login(stranger)
    assert client.get("/shop/p/mug/").context["review_form"] is None
    client.force_login(customer)
    assert client.get("/shop/p/mug/").context["review_form"] is not None


def test_a_buyer_reviews_once_and_the_page_shows_it(client: Client, customer: Any):
    product = product_with("mug", celadon=5)
    paid({product.variants.get(): 1}, user=customer)
    client.force_login(customer)
    words = {"rating": "5", "title": "Just right", "body": "It holds a morning."}

    first = client.post("/shop/p/mug/reviews/", words)
    client.post("/shop/p/mug/reviews/", {**words, "rating": "1"})

    assert first["Location"] == "/shop/p/mug/#reviews"
    assert [(review.rating, review.is_verified) for review in Review.objects.all()] == [(5, True)]
    page = client.get("/shop/p/mug/").content.decode()
    assert "Just right" in page
    assert "Verified purchase" in page


def test_who_did_not_buy_cannot_review(client: Client, stranger: Any):
    product_with("mug", celadon=5)
    client.force_login(stranger)

    client.post("/shop/p/mug/reviews/", {"rating": "1", "title": "Bad", "body": ""})

    assert not Review.objects.exists()


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that knows every post."""
    monkeypatch.setitem(
        cards._resolvers,
        "post",
        lambda ids, viewer: {slug: Card("post", slug, slug.title(), f"/j/{slug}/") for slug in ids},
    )


@pytest.mark.usefixtures("journal")
def test_stories_that_name_the_product_are_shown_newest_first(client: Client):
    product_with("mug", celadon=5)
    for story in ("first", "second", "third", "fourth"):
        cross_references.replace(("post", story), [("product", "mug")])

    stories = client.get("/shop/p/mug/").context["stories"]

    assert [card.title for card in stories] == ["Fourth", "Third", "Second"]


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("count", [1, 24, 100])
def test_a_product_costs_the_same_whatever_stands_around_it(
    client: Client, django_assert_max_num_queries: Any, django_user_model: Any, count: int
):
    product = product_with("mug", celadon=5)
    for index in range(count):
        glaze = OptionValueFactory(option=OptionFactory(), slug=f"g{index}")
        variant_of(product, glaze.slug, 1, position=index)
        product_with(f"other-{index}", celadon=5)
        user = django_user_model.objects.create_user(f"r{index}@example.com")
        Review.objects.create(product=product, user=user, rating=5, title="Good")
        cross_references.replace(("post", f"story-{index}"), [("product", "mug")])
    Product.objects.filter(pk=product.pk).update(rating_count=count, rating_sum=5 * count)

    with django_assert_max_num_queries(8):
        page = client.get("/shop/p/mug/")

    assert len(page.context["related"]) == min(count, 4)
    assert len(page.context["reviews"]) == min(count, 6)


@pytest.mark.parametrize("count", [1, 24, 100])
def test_the_reviews_of_a_product_cost_the_same_however_many(
    client: Client, django_assert_max_num_queries: Any, django_user_model: Any, count: int
):
    product = product_with("mug", celadon=5)
    for index in range(count):
        user = django_user_model.objects.create_user(f"r{index}@example.com")
        Review.objects.create(product=product, user=user, rating=4, title=f"Number {index}")

    with django_assert_max_num_queries(2):
        page = client.get("/shop/p/mug/reviews/")

    assert len(page.context["page"].items) == min(count, 20)
