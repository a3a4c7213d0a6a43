"""Feeds are well formed, hold what strangers may read, and cost little when nothing is new."""

import json
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.contrib.sitemaps.views import sitemap
from django.test import RequestFactory

from blog.feeds.views import PostSitemap
from blog.posts.models import Post
from blog.tests.factories import NOON, draft, picture, published, scheduled, writer

pytestmark = pytest.mark.django_db

RSS, ATOM, JSON = "/journal/feed.xml", "/journal/feed/atom.xml", "/journal/feed/feed.json"
IN_ATOM = {"a": "http://www.w3.org/2005/Atom"}
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
SITE = "http://localhost:8000"


@pytest.fixture
def posts(product_cards):
    product_cards.put("BOWL-OAT")
    shown = picture("A wet bowl")
    body = f"Ash & [salt](/shop/).\n\n:::product BOWL-OAT\n:::\n\n![](picture:{shown.uid})\n\n:::product GONE\n:::\n"
    first = published(writer(), title="On <ash>", excerpt="Ash & salt.", body=body, tags=["Ash"], cover=shown)
    second = published(title="For members", body="The secret.", visibility="members", at=NOON + timedelta(days=1))
    draft(title="Draft")
    scheduled(title="Later", at=NOON)
    return first, second


def test_rss_holds_title_excerpt_text_author_and_subject(client, posts):
    response = client.get(RSS)

    assert response["Content-Type"] == "application/rss+xml; charset=utf-8"
    items = ET.fromstring(response.content).findall("channel/item")
    assert [item.findtext("title") for item in items] == ["For members", "On <ash>"]
    ash = items[1]
    assert ash.findtext("link") == f"{SITE}/journal/{posts[0].slug}/"
    assert ash.findtext("guid") == f"urn:uuid:{posts[0].uid}"
    assert ash.findtext("description") == "Ash & salt."
    assert ash.findtext("category") == "Ash"
    assert ash.findtext("pubDate") == "Sun, 01 Mar 2026 12:00:00 +0000"


def test_texts_in_feeds_stand_alone(client, posts):
    items = ET.fromstring(client.get(RSS).content).findall("channel/item")

    text = items[1].findtext(CONTENT)
    assert f'<a href="{SITE}/shop/">salt</a>' in text
    assert f'<p><a href="{SITE}/shop/bowl-bowl-oat/?ref=' in text
    assert f'<img src="{SITE}/media/pictures/' in text
    assert 'alt="A wet bowl"' in text
    assert "data-card" not in text
    assert "GONE" not in text


def test_atom_is_well_formed_and_dated(client, posts):
    response = client.get(ATOM)

    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(response.content)
    entries = feed.findall("a:entry", IN_ATOM)
    assert [entry.findtext("a:title", namespaces=IN_ATOM) for entry in entries] == ["For members", "On <ash>"]
    assert entries[1].findtext("a:published", namespaces=IN_ATOM) == "2026-03-01T12:00:00+00:00"
    assert entries[1].findtext("a:author/a:name", namespaces=IN_ATOM) == "Wilma Writer"
    assert "Ash &amp;" in entries[1].findtext("a:content", namespaces=IN_ATOM)


def test_json_feed_follows_its_version(client, posts):
    response = client.get(JSON)

    assert response["Content-Type"] == "application/feed+json"
    feed = json.loads(response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{SITE}{JSON}"
    ash = feed["items"][1]
    assert (ash["id"], ash["title"], ash["tags"]) == (f"urn:uuid:{posts[0].uid}", "On <ash>", ["Ash"])
    assert ash["authors"] == [{"name": "Wilma Writer"}]
    assert ash["image"].startswith(f"{SITE}/media/")


@pytest.mark.parametrize("path", [RSS, ATOM, JSON])
def test_what_is_not_for_everybody_is_in_no_feed(client, posts, path):
    content = client.get(path).content.decode()

    assert "For members" in content
    assert "secret" not in content
    assert "Draft" not in content
    assert "Later" not in content


@pytest.mark.parametrize("path", [RSS, ATOM, JSON])
def test_a_reader_who_has_it_gets_304_for_one_query(client, posts, path, django_assert_num_queries):
    first = client.get(path)

    with django_assert_num_queries(1):
        again = client.get(path, HTTP_IF_NONE_MATCH=first["ETag"])

    assert again.status_code == 304
    assert first["Last-Modified"]
    published(at=NOON + timedelta(days=2))
    assert client.get(path, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


@pytest.mark.parametrize("path", [RSS, ATOM, JSON])
def test_an_empty_feed_is_a_feed(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("count", [1, 24])
def test_a_feed_takes_the_same_queries_for_many_posts(client, product_cards, count, django_assert_num_queries):
    product_cards.put("BOWL-OAT")
    shown = picture()
    author = writer()
    for _ in range(count):
        published(author, body=f":::product BOWL-OAT\n:::\n\n![](picture:{shown.uid})\n", tags=["Ash"], cover=shown)

    with django_assert_num_queries(5):
        client.get(RSS)

    assert product_cards.calls == 1


def test_the_sitemap_lists_what_is_public(posts):
    request = RequestFactory().get("/sitemap.xml", headers={"host": "localhost"})

    response = sitemap(request, sitemaps={"journal": PostSitemap}).render()

    urls = [
        where.text for where in ET.fromstring(response.content).iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert urls == [f"http://localhost/journal/{post.slug}/" for post in reversed(posts)]
    assert "<lastmod>2026-03-01</lastmod>" in response.content.decode()


def test_addresses_in_feeds_are_whole_also_those_within_the_post(client):
    post = published(
        body="See[^1] and [other](other/), [up](../), [part](#h-a), [mail](mailto:a@example.com).\n\n[^1]: Note."
    )
    here = f"{SITE}/journal/{post.slug}/"

    text = ET.fromstring(client.get(RSS).content).findtext(f"channel/item/{CONTENT}")
    in_atom = ET.fromstring(client.get(ATOM).content).findtext("a:entry/a:content", namespaces=IN_ATOM)
    in_json = json.loads(client.get(JSON).content)["items"][0]["content_html"]

    assert text == in_atom == in_json
    assert re.findall(r'href="([^"]*)"', text) == [
        f"{here}#fn1",
        f"{here}other/",
        f"{SITE}/journal/",
        f"{here}#h-a",
        "mailto:a@example.com",
        f"{here}#fnref1",
    ]


@pytest.mark.parametrize("character", ["\u0000", "\u000b", "\u001f", "\ufffe", "\uffff", "\ud800"])
def test_feed_drops_characters_that_xml_does_not_allow(client, monkeypatch, character):
    """As rows do that are older than the rule at saving, and names that come from elsewhere."""
    post = published(title="Clean", tags=["Ash"])
    spoilt = Post.objects.with_names().get(pk=post.pk)
    spoilt.title, spoilt.excerpt, spoilt.body_html = f"A{character}B", f"C{character}D", f"<p>E{character}F</p>"
    spoilt.bylines[0].name = f"G{character}H"
    spoilt.labels[0].name = f"I{character}J"
    monkeypatch.setattr("blog.feeds.views.queries.get_feed_posts", lambda: [spoilt])

    item = ET.fromstring(client.get(RSS).content).find("channel/item")
    entry = ET.fromstring(client.get(ATOM).content).find("a:entry", IN_ATOM)
    in_json = json.loads(client.get(JSON).content)["items"][0]

    assert (item.findtext("title"), item.findtext("description"), item.findtext("category")) == ("AB", "CD", "IJ")
    assert item.findtext(CONTENT) == "<p>EF</p>"
    assert entry.findtext("a:author/a:name", namespaces=IN_ATOM) == "GH"
    assert (in_json["title"], in_json["content_html"], in_json["tags"]) == ("AB", "<p>EF</p>", ["IJ"])


def test_titles_of_all_kinds_make_a_sitemap_that_a_strict_parser_reads(client):
    published(title="A\u000bB & <b> हिन्दी\ufffe")

    assert ET.fromstring(client.get("/sitemap.xml").content) is not None


def test_no_post_changes_before_it_is_published(client):
    post = published(title="Written before", at=NOON)
    Post.objects.filter(pk=post.pk).update(updated_at=NOON - timedelta(days=3))

    atom = ET.fromstring(client.get("/journal/feed/atom.xml").content)
    [item] = client.get("/journal/feed/feed.json").json()["items"]

    entry = atom.find("{http://www.w3.org/2005/Atom}entry")
    moments = [entry.findtext("{http://www.w3.org/2005/Atom}" + name) for name in ("published", "updated")]
    assert moments == ["2026-03-01T12:00:00+00:00"] * 2
    assert item["date_modified"] == item["date_published"]
