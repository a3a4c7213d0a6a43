"""Strangers who have a page are told that it is still so; everybody else gets a page of their own."""

import pytest
from django.urls import reverse

from blog.tests.factories import comment, published
from blog.tests.reading import page
from core.money import Money

pytestmark = pytest.mark.django_db


def test_a_stranger_who_has_the_page_gets_304_until_something_changes(client, shelf, monkeypatch):
    monkeypatch.setattr("blog.freshness.time.time", lambda: 1000.0)
    shelf.put("BOWL-OAT")
    post = published(body=":::product BOWL-OAT\n:::", comments_mode="none")
    first = page(client, post)
    again = {"HTTP_IF_NONE_MATCH": first["ETag"]}
    url = reverse("blog:post", args=[post.slug])

    assert client.get(url, **again).status_code == 304
    assert first["Cache-Control"] == "public, no-cache"
    assert "Cookie" in first["Vary"]

    shelf.put("BOWL-OAT", price=Money(9900, "EUR"))
    priced = client.get(url, **again)
    assert priced.status_code == 200

    comment(post)
    assert client.get(url, HTTP_IF_NONE_MATCH=priced["ETag"]).status_code == 200


def test_whoever_carries_a_cookie_gets_a_page_of_their_own(client):
    post = published()
    etag = page(client, post)["ETag"]
    client.cookies["cart"] = "something"

    response = client.get(reverse("blog:post", args=[post.slug]), HTTP_IF_NONE_MATCH=etag)

    assert response.status_code == 200
    assert "private" in response["Cache-Control"]
    assert "ETag" not in response


def test_the_theme_is_part_of_the_page(client):
    post = published()
    light = page(client, post)["ETag"]
    client.cookies["theme"] = "dark"

    assert page(client, post)["ETag"] not in ("", light)
