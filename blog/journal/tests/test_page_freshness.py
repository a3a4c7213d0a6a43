"""Strangers who have a page are told that it is still so; everybody else gets a page of their own."""

import pytest
from django.urls import reverse

from blog.journal import etags
from blog.tests.factories import comment, published
from blog.tests.reading import page
from core.money import Money

pytestmark = pytest.mark.django_db


def test_a_stranger_who_has_the_page_gets_304_until_something_changes(client, product_cards, monkeypatch):
    monkeypatch.setattr("blog.journal.etags.time.time", lambda: 1000.0)
    product_cards.put("BOWL-OAT")
    post = published(body=":::product BOWL-OAT\n:::", comments_mode="none")
    first = page(client, post)
    again = {"HTTP_IF_NONE_MATCH": first["ETag"]}
    url = reverse("blog:post", args=[post.slug])

    assert client.get(url, **again).status_code == 304
    assert first["Cache-Control"] == "public, no-cache"
    assert "Cookie" in first["Vary"]

    product_cards.put("BOWL-OAT", price=Money(9900, "EUR"))
    priced = client.get(url, **again)
    assert priced.status_code == 200

    comment(post)
    assert client.get(url, HTTP_IF_NONE_MATCH=priced["ETag"]).status_code == 200


def test_requests_with_cookies_get_a_private_page(client):
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


def test_a_release_of_a_script_changes_what_a_stranger_has(client, monkeypatch):
    monkeypatch.setattr("blog.journal.etags.time.time", lambda: 1000.0)
    post = published()
    addresses = [reverse("blog:post", args=[post.slug]), reverse("blog:index"), reverse("blog:feed")]
    before = {address: client.get(address)["ETag"] for address in addresses}

    monkeypatch.setattr("blog.journal.etags.release_digest", lambda: "the next one")

    for address, etag in before.items():
        assert client.get(address, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_scripts_and_templates_are_part_of_a_release(settings, tmp_path):
    settings.BASE_DIR, settings.DEBUG = tmp_path, True
    releases = {etags.release_digest()}
    for name in ("static/js/cart.js", "static/css/a.css", "templates/base.html", "locale/de/LC_MESSAGES/django.mo"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
        releases.add(etags.release_digest())
        (tmp_path / name).write_text("two")
        releases.add(etags.release_digest())

    assert len(releases) == 9
