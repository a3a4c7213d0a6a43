"""The catalogue for programs."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from core.search import index as search
from shop.catalogue.models import Category, Product
from shop.reviews.models import Review
from shop.tests.factories import CategoryFactory, MarketFactory, ProductFactory, paid
from shop.tests.pages import product_with, shelf_of, variant_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market() -> Any:
    return MarketFactory()


def slugs(answer: Any) -> list[str]:
    return [product["slug"] for product in answer.json()["results"]]


def test_a_list_says_the_price_the_stock_and_where_to_look(api: APIClient):
    product_with("mug", celadon=5, moss=2)
    variant_of(Product.objects.get(slug="mug"), "ochre", 0, price=2900)

    answer = api.get("/api/v1/products/")

    assert answer.json()["results"] == [
        {
            "slug": "mug",
            "title": "Mug",
            "summary": "A mug.",
            "url": "/shop/p/mug/",
            "price": {"amount": "29.00", "currency": "EUR"},
            "price_varies": True,
            "stock": "in_stock",
            "image": None,
            "rating": None,
            "rating_count": 0,
        }
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"option": "glaze:moss"}, ["middle"]),
        ({"option": ["glaze:moss", "glaze:celadon"]}, ["cheap", "dear", "middle"]),
        ({"price": "25-100"}, ["middle"]),
        ({"price": ["-25", "100-"]}, ["cheap", "dear"]),
        ({"in_stock": "true"}, ["cheap", "dear"]),
        ({"in_stock": "false"}, ["cheap", "dear", "middle"]),
        ({"category": "cups-mugs"}, ["cheap", "dear", "middle"]),
        ({"category": "unknown"}, []),
        ({"q": "middle"}, ["middle"]),
    ],
)
def test_a_list_is_filtered_as_the_shelf_is(api: APIClient, query: Any, expected: list[str]):
    variant_of(ProductFactory(slug="cheap", title="Cheap"), "celadon", 5, price=2000)
    variant_of(ProductFactory(slug="middle", title="Middle"), "moss", 0, price=4900)
    variant_of(ProductFactory(slug="dear", title="Dear"), "celadon", 1, price=10000)
    search.index("product")

    assert slugs(api.get("/api/v1/products/", {"ordering": "title", **query})) == expected


@pytest.mark.parametrize("query", [{"option": "moss"}, {"price": "cheap"}, {"option": ["glaze:moss"] * 51}])
def test_a_filter_that_is_none_is_refused_with_a_pointer(api: APIClient, query: Any):
    answer = api.get("/api/v1/products/", query)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] in ("/option", "/price")


@pytest.mark.parametrize("ordering", ["price", "-price", "title", "-created_at", "-popularity"])
def test_pages_follow_each_other_in_every_order(api: APIClient, ordering: str):
    for index in range(7):
        variant_of(ProductFactory(slug=f"mug-{index}"), "celadon", 5, price=2000 + index % 3)

    first = api.get("/api/v1/products/", {"ordering": ordering, "page_size": 4})
    second = api.get(first.json()["next"])

    assert (len(slugs(first)), len(set(slugs(first) + slugs(second)))) == (4, 7)
    assert second.json()["next"] is None


def test_one_product_comes_with_its_variants(api: APIClient):
    product_with("mug", celadon=5, moss=0)

    mug = api.get("/api/v1/products/mug/").json()

    assert (mug["category"], mug["status"], mug["url"]) == ("cups-mugs", "active", "/shop/p/mug/")
    assert [(variant["sku"], variant["stock"], variant["left"]) for variant in mug["variants"]] == [
        ("MUG-CELADON", "in_stock", 5),
        ("MUG-MOSS", "sold_out", 0),
    ]
    assert mug["variants"][0]["options"] == [
        {"option": "glaze", "option_name": "Glaze", "value": "celadon", "name": "Celadon", "swatch": "#a5bba3"}
    ]


def test_a_draft_is_not_here(api: APIClient):
    variant_of(ProductFactory(slug="draft", status="draft"), "celadon", 5)

    assert api.get("/api/v1/products/draft/").status_code == 404
    assert slugs(api.get("/api/v1/products/")) == []


def test_categories_name_the_one_they_stand_in(api: APIClient):
    cups = CategoryFactory(slug="cups", name="Cups")
    CategoryFactory(slug="mugs", name="Mugs", parent=cups)

    results = api.get("/api/v1/categories/").json()["results"]

    assert [(shelf["slug"], shelf["inside"]) for shelf in results] == [("cups", None), ("mugs", "cups")]
    assert api.get("/api/v1/categories/mugs/").json()["name"] == "Mugs"


def test_a_buyer_reviews_once(api: APIClient, customer: Any):
    product = product_with("mug", celadon=5)
    paid({product.variants.get(): 1}, user=customer)
    api.force_login(customer)

    first = api.post("/api/v1/products/mug/reviews/", {"rating": 5, "title": "Just right"})
    second = api.post("/api/v1/products/mug/reviews/", {"rating": 1})
    wrong = api.post("/api/v1/products/mug/reviews/", {"rating": 6})

    assert (first.status_code, second.status_code, wrong.status_code) == (201, 409, 400)
    assert first.json()["is_verified"] is True
    assert [review["title"] for review in api.get("/api/v1/products/mug/reviews/").json()["results"]] == ["Just right"]


@pytest.mark.parametrize("who", ["", "stranger"])
def test_who_did_not_buy_cannot_review(api: APIClient, request: Any, who: str):
    product_with("mug", celadon=5)
    if who:
        api.force_login(request.getfixturevalue(who))

    answer = api.post("/api/v1/products/mug/reviews/", {"rating": 1})

    assert answer.status_code == (403 if who else 401)
    assert not Review.objects.exists()


@pytest.mark.parametrize("count", [1, 24, 100])
def test_a_list_costs_the_same_however_long(api: APIClient, django_assert_max_num_queries: Any, count: int):
    shelf_of(count, celadon=5, moss=1, tenmoku=0)

    with django_assert_max_num_queries(5):
        answer = api.get("/api/v1/products/", {"category": "cups-mugs", "in_stock": "true", "page_size": 100})

    assert len(slugs(answer)) == count


@pytest.mark.parametrize("count", [1, 24, 100])
def test_one_product_costs_the_same_however_many_variants(
    api: APIClient, django_assert_max_num_queries: Any, count: int
):
    product = ProductFactory(slug="mug")
    for index in range(count):
        variant_of(product, f"g{index}", 1, position=index)

    with django_assert_max_num_queries(4):
        mug = api.get("/api/v1/products/mug/").json()

    assert len(mug["variants"]) == count


@pytest.mark.parametrize("count", [1, 24, 100])
def test_categories_and_reviews_cost_the_same_however_many(
    api: APIClient, django_user_model: Any, django_assert_max_num_queries: Any, count: int
):
    product = product_with("mug", celadon=5)
    for index in range(count):
        Category.objects.create(slug=f"c{index}", name=f"C{index}", parent=product.category)
        user = django_user_model.objects.create_user(f"r{index}@example.com")
        Review.objects.create(product=product, user=user, rating=4)

    with django_assert_max_num_queries(1):
        api.get("/api/v1/categories/?page_size=100")
    with django_assert_max_num_queries(2):
        reviews = api.get("/api/v1/products/mug/reviews/?page_size=100")

    assert len(reviews.json()["results"]) == count


@pytest.mark.parametrize("cursor", ["nonsense", "WyJuIiwgIngiLCAieSJd", "WyJuIiwgMV0"])
def test_a_made_up_cursor_is_refused(api: APIClient, cursor: str):
    answer = api.get("/api/v1/products/", {"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")
