"""Answers in the shape the caller asks for: some fields of them, or a list as CSV that is safe to open."""

import csv
import io
import json
from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.test import APIClient

from blog.tests.factories import draft, editor, picture, published
from core.api.csv_renderer import CsvRenderer
from core.api.viewsets import MoneyField
from core.money import Money
from shop.tests import factories as shop

POSTS = "/api/v1/posts/"


def rows(response):
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.content.decode())))


@pytest.mark.django_db
def test_only_the_fields_that_are_asked_for_are_given(api):
    post = published(title="On ash", slug="on-ash")

    listed = api.get(POSTS, {"fields": "title,slug"}).json()
    one = api.get(f"{POSTS}{post.slug}/", {"fields": "slug, status"}).json()

    assert api.get(f"{POSTS}?fields=title&fields=slug").json() == listed
    assert listed == {"next": None, "previous": None, "results": [{"slug": "on-ash", "title": "On ash"}]}
    assert one == {"slug": "on-ash", "status": "published"}


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["nonsense", "slug,nonsense", "body_html", "slug,,title"])
def test_a_field_that_is_not_there_is_refused_by_name_even_when_there_is_nothing_to_list(api, asked):
    refused = api.get(POSTS, {"fields": asked})

    unknown = next(name for name in asked.split(",") if name not in ("slug", "title"))
    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {"pointer": "/fields", "code": "unknown_field", "detail": f"There is no field {unknown!r}."}
    ]


@pytest.mark.django_db
def test_the_next_page_keeps_the_fields(api):
    published()
    published()

    page = api.get(POSTS, {"fields": "slug", "page_size": 1}).json()

    assert "fields=slug" in page["next"]
    assert list(api.get(page["next"]).json()["results"][0]) == ["slug"]


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"data": {"format": "csv"}}, {"HTTP_ACCEPT": "text/csv"}])
def test_a_list_is_a_spreadsheet_with_nested_things_by_their_parts(api, asked):
    published(title="Bare", slug="bare")
    published(title="=1+1", slug="formula", cover=picture(), tags=["Ash", "Clay"])

    formula, bare = rows(api.get(POSTS, **asked))

    assert (formula["title"], formula["cover.width"], bare["cover.width"]) == ("'=1+1", "60", "")
    assert [tag["slug"] for tag in json.loads(formula["tags"])] == ["ash", "clay"]
    assert list(bare) == list(formula)
    assert list(bare)[:3] == ["uid", "slug", "title"]


@pytest.mark.django_db
def test_an_empty_list_has_its_columns_and_the_asked_ones_only(api):
    whole = api.get(POSTS, {"format": "csv"}).content.decode()
    some = api.get(POSTS, {"format": "csv", "fields": "title,slug"}).content.decode()

    assert whole.startswith("uid,slug,title,excerpt,url,status,visibility,authors,tags,cover.url,cover.width")
    assert some == "slug,title\r\n"


@pytest.mark.django_db
def test_a_spreadsheet_holds_a_page_and_links_to_the_next(api):
    for _ in range(3):
        published()

    first = api.get(POSTS, {"format": "csv", "page_size": 2})
    url = first["Link"].split(">")[0].removeprefix("<")
    second = api.get(url)

    assert (len(rows(first)), len(rows(second))) == (2, 1)
    assert first["Link"].endswith('rel="next"')
    assert second["Link"].endswith('rel="prev"')


@pytest.mark.django_db
def test_prices_have_two_columns(api):
    shop.shop_ready()
    shop.VariantFactory(product=shop.ProductFactory(slug="mug"))

    row = rows(api.get("/api/v1/products/", {"format": "csv"}))[0]

    assert (row["slug"], row["price.amount"], row["price.currency"]) == ("mug", "34.00", "EUR")


@pytest.mark.django_db
def test_one_thing_is_not_a_spreadsheet(api):
    published(slug="on-ash")

    assert api.get(f"{POSTS}on-ash/", HTTP_ACCEPT="text/csv").status_code == 406
    assert api.get(f"{POSTS}on-ash/", {"format": "csv"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["text/csv", "application/json"])
def test_a_refusal_is_a_problem_whatever_was_asked_for(api, accept):
    refused = api.get(POSTS, {"fields": "nonsense"}, HTTP_ACCEPT=accept)

    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "invalid"


@pytest.mark.django_db
def test_in_a_browser_a_refusal_is_a_page(api):
    refused = api.get(POSTS, {"fields": "nonsense"}, HTTP_ACCEPT="text/html")

    assert refused.status_code == 400
    assert refused["Content-Type"] == "text/html; charset=utf-8"


class Row(serializers.Serializer[Any]):
    text = serializers.CharField()
    price = MoneyField()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=SUM(A1)", "'=SUM(A1)"),
        ("+1-2", "'+1-2"),
        ("-2+3", "'-2+3"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\n=x", "'\n=x"),
        ("\uff1dSUM(A1)", "'\uff1dSUM(A1)"),
        ("-\u0661", "'-\u0661"),
        ("-12.50", "-12.50"),
        (-3, "-3"),
        (True, "true"),
        (None, ""),
        ("a = b", "a = b"),
        (["=x"], '["=x"]'),
    ],
)
def test_no_cell_is_taken_for_a_formula(value, cell):
    class View:
        fields_asked = ()

        def shape(self):
            return Row

    price = MoneyField().to_representation(Money(-1250, "EUR"))
    text = CsvRenderer().render([{"text": value, "price": price}], None, {"view": View()})

    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [cell, "-12.50", "EUR"]


@pytest.mark.django_db
@pytest.mark.parametrize("size", ["0", "-1", "many", "1.5", "٣"])
def test_a_page_size_that_is_none_is_refused(api, size):
    assert api.get(POSTS, {"page_size": size}).status_code == 400


@pytest.mark.django_db
def test_half_a_character_is_refused():
    client = APIClient()
    client.force_login(editor())

    refused = client.post(POSTS, data=b'{"title": "\\ud800"}', content_type="application/json")

    assert (refused.status_code, refused.json()["code"]) == (400, "parse_error")


@pytest.mark.django_db
def test_only_json_is_taken():
    client = APIClient()
    client.force_login(editor())
    draft()

    refused = client.post(
        POSTS, data={"title": "A form"}, format=None, content_type="application/x-www-form-urlencoded"
    )

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
