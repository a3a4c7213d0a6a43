"""The journal's lists: everything, a subject, an author; newest first, by key."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.users.models import User
from blog.posts import queries
from blog.posts.models import Post, PostAuthor
from blog.tags.models import TagAlias
from blog.tests.factories import NOON, draft, person, picture, published, scheduled, writer
from blog.tests.reading import text_of

pytestmark = pytest.mark.django_db


def titles(response):
    return re.findall(r'class="card-link" href="/journal/[^"]+">([^<]+)<', response.content.decode())


def test_the_newest_post_leads_and_the_others_follow(client):
    posts = [published(title=f"Post {n}", at=NOON + timedelta(days=n), cover=picture()) for n in range(3)]
    draft(title="Draft")
    scheduled(title="Later", at=NOON)

    response = client.get("/journal/")

    assert titles(response) == ["Post 2", "Post 1", "Post 0"]
    lead = text_of(response).split("</article>")[0]
    assert 'class="card card-post card-lead"' in lead
    assert posts[2].cover.alt in lead
    assert "Wilma Writer" in lead
    assert 'fetchpriority="high"' in lead


def test_an_empty_journal_says_so(client):
    assert "No posts yet" in text_of(client.get("/journal/"))


def test_pages_follow_each_other_by_key_and_lead_back(client):
    for number in range(queries.PAGE_SIZE + 2):
        published(title=f"Post {number:02}", at=NOON + timedelta(days=number // 2))

    first = client.get("/journal/")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
    second = client.get(f"/journal/{older}".replace("&amp;", "&"))
    (newer,) = re.findall(r'rel="prev" href="([^"]+)"', second.content.decode())
    back = client.get(f"/journal/{newer}".replace("&amp;", "&"))

    assert titles(first) == [f"Post {number:02}" for number in range(14, 1, -1)]
    assert titles(second) == ["Post 01", "Post 00"]
    assert titles(back) == titles(first)
    assert "card-lead" not in second.content.decode()


def test_a_page_address_that_is_not_one_is_refused(client):
    published()

    assert client.get("/journal/", {"cursor": "nonsense"}).status_code == 400


def test_a_mark_says_who_may_read(client):
    published(title="For all")
    published(title="For members", visibility="members", at=NOON + timedelta(days=1))

    shown = text_of(client.get("/journal/"))

    assert shown.count('<span class="badge">Members only</span>') == 1


def test_a_subject_has_its_posts_and_an_old_name_leads_there(client):
    published(title="On ash", tags=["Ash"])
    published(title="On salt", tags=["Salt"])
    draft(title="Draft on ash", tags=["Ash"])
    TagAlias.objects.create(slug="wood-ash", tag=queries.get_tag_by_slug("ash"))

    response = client.get("/journal/tag/ash/")

    assert titles(response) == ["On ash"]
    assert "<h1>Ash</h1>" in text_of(response)
    moved = client.get("/journal/tag/wood-ash/")
    assert (moved.status_code, moved["Location"]) == (301, "/journal/tag/ash/")
    assert client.get("/journal/tag/lead/").status_code == 404


def test_only_subjects_that_lead_somewhere_are_offered(client):
    published(tags=["Ash"])
    draft(tags=["Secret"])

    shown = text_of(client.get("/journal/"))

    assert 'href="/journal/tag/ash/">Ash</a>' in shown
    assert "Secret" not in shown


def test_an_author_has_a_page_when_something_of_theirs_is_public(client):
    author, other, reader = writer(bio="Throws bowls."), writer(), person()
    published(author, title="Mine")
    published(other, title="Theirs")
    draft(person(), title="Hidden")

    response = client.get(reverse("blog:author", args=[author.uid]))

    assert titles(response) == ["Mine"]
    assert "Throws bowls." in text_of(response)
    assert client.get(reverse("blog:author", args=[reader.uid])).status_code == 404


@pytest.mark.parametrize("path", ["/journal/", "/journal/tag/ash/"])
def test_strangers_who_have_a_list_get_304_until_a_post_changes(client, path, monkeypatch):
    monkeypatch.setattr("blog.journal.etags.time.time", lambda: 1000.0)
    published(tags=["Ash"])
    etag = client.get(path)["ETag"]

    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 304

    published(tags=["Ash"], at=NOON + timedelta(days=1))
    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_the_page_head_names_the_feeds(client):
    shown = client.get("/journal/").content.decode()

    for kind in ("rss+xml", "atom+xml", "feed+json"):
        assert f'type="application/{kind}"' in shown


def test_the_names_on_a_card_are_those_of_the_post():
    by_two = published(tags=["Glaze", "Kiln"])
    PostAuthor.objects.create(post=by_two, user=person(name="Ada Author"), position=1)
    by_one = published(person())
    User.objects.filter(authorships__post=by_one).update(name="", email="kim@example.com")
    by_nobody = published(tags=["Kiln"])
    by_nobody.authorships.all().delete()

    names = queries.get_post_names([by_two, by_one, by_nobody])

    posts = Post.objects.with_names()
    assert names == {post.pk: (post.byline, post.labels[0].name if post.labels else "") for post in posts}
    assert names[by_two.pk] == ("Wilma Writer, Ada Author", "Glaze")
    assert names[by_one.pk] == ("Customer", "")
