"""Posts for programs: the same services, problems instead of pages, drafts only for those who work on them."""

from datetime import timedelta

import pytest

from accounts.permissions.models import Entitlement
from blog.posts.models import Post
from blog.posts.services import writing
from blog.tests.factories import NOON, SYSTEM, draft, editor, person, picture, published, scheduled, writer
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

POSTS = "/api/v1/posts/"


def slugs(response):
    return [post["slug"] for post in response.json()["results"]]


def test_a_list_holds_what_is_published_newest_first_without_texts(api):
    first = published(tags=["Ash"], cover=picture())
    second = published(at=NOON + timedelta(days=1))
    draft()

    response = api.get(POSTS)

    assert slugs(response) == [second.slug, first.slug]
    row = response.json()["results"][1]
    assert row["authors"] == [{"uid": str(first.bylines[0].uid), "name": "Wilma Writer"}]
    assert [tag["slug"] for tag in row["tags"]] == ["ash"]
    assert (row["cover"]["width"], row["cover"]["alt"]) == (60, "A bowl on a wheel")
    assert (row["url"], row["published_at"]) == (f"/journal/{first.slug}/", "2026-03-01T12:00:00Z")
    assert "body_html" not in row
    assert "id" not in row


def test_lists_are_filtered_by_subject_and_author_and_ordered(api):
    author = writer()
    mine = published(author, title="B", tags=["Ash"])
    other = published(title="A", tags=["Ash"], at=NOON + timedelta(days=1))
    published(title="C")

    assert slugs(api.get(POSTS, {"tag": "ash"})) == [other.slug, mine.slug]
    assert slugs(api.get(POSTS, {"author": str(author.uid)})) == [mine.slug]
    assert slugs(api.get(POSTS, {"ordering": "title", "tag": "ash"})) == [other.slug, mine.slug]


def test_lists_are_paged_by_key(api):
    made = [published(at=NOON + timedelta(minutes=n)).slug for n in range(5)]

    first = api.get(POSTS, {"page_size": 2})
    second = api.get(first.json()["next"])
    third = api.get(second.json()["next"])

    assert slugs(first) + slugs(second) + slugs(third) == made[::-1]
    assert third.json()["next"] is None


@pytest.mark.parametrize("status", ["draft", "in_review", "scheduled", "archived"])
def test_what_is_not_published_is_listed_for_those_who_work_on_it(api, status):
    author = writer()
    post = scheduled(author, at=NOON) if status == "scheduled" else draft(author)
    if status != "scheduled":
        Post.objects.update(status=status)
    url = f"{POSTS}{post.slug}/"

    for somebody, seen in ((None, []), (person(), []), (writer(), []), (author, [post.slug]), (editor(), [post.slug])):
        api.force_login(somebody) if somebody else api.logout()
        assert slugs(api.get(POSTS, {"status": status})) == seen
        assert slugs(api.get(POSTS)) == []
        assert api.get(url).status_code == (200 if seen else 404)


def test_a_post_has_its_text_with_marks_and_what_they_name(api, django_assert_num_queries):
    post = published(body="## Part\n\n:::product BOWL-OAT\n:::\n")

    with django_assert_num_queries(3):
        found = api.get(f"{POSTS}{post.slug}/").json()

    assert '<div data-card="product:BOWL-OAT"></div>' in found["body_html"]
    assert found["references"] == [{"kind": "product", "id": "BOWL-OAT"}]
    assert found["toc"] == [{"level": 2, "anchor": "h-part", "text": "Part"}]
    assert found["body"] is None
    api.force_login(editor())
    assert api.get(f"{POSTS}{post.slug}/").json()["body"].startswith("## Part")


def test_a_text_that_not_everybody_may_read_is_null_for_others(api):
    key = {"visibility": "entitled", "entitlement_kind": "product", "entitlement_subject": "mug"}
    post, buyer = published(body="## Secret\n\n:::product ASH\n:::", **key), person()
    url = f"{POSTS}{post.slug}/"
    Entitlement.objects.create(
        user=buyer, kind="product", subject="mug", source_kind="order", source_id="1", since=NOON
    )

    for somebody in (None, person()):
        api.force_login(somebody) if somebody else api.logout()
        found = api.get(url).json()
        assert (found["body_html"], found["toc"], found["references"]) == (None, [], [])
        assert "Secret" not in str(found)
    api.force_login(buyer)
    assert "Secret" in api.get(url).json()["body_html"]


def test_a_post_is_begun_once_however_often_it_is_sent(api):
    author, cover = writer(), picture()
    api.force_login(author)
    asked = {"title": "On ash", "body": "*Ash*", "tags": ["Ash"], "cover": str(cover.uid), "visibility": "members"}

    first = api.post(POSTS, asked, headers={"Idempotency-Key": "one"})
    again = api.post(POSTS, asked, headers={"Idempotency-Key": "one"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Post.objects.count() == len(events_named("post.created")) == 1
    made = first.json()
    assert (made["slug"], made["status"], made["body_html"]) == ("on-ash", "draft", "<p><em>Ash</em></p>\n")
    assert (made["visibility"], made["cover"]["alt"]) == ("members", cover.alt)


@pytest.mark.parametrize(
    ("asked", "status", "pointer"),
    [
        ({}, 400, "/title"),
        ({"title": "x" * 201}, 400, "/title"),
        ({"title": "x", "visibility": "all"}, 400, "/visibility"),
        ({"title": "x", "visibility": "entitled"}, 422, "/entitlement_subject"),
        ({"title": "x", "slug": "feed"}, 422, "/slug"),
        ({"title": "x", "tags": ["!"]}, 422, "/tags"),
        ({"title": "x", "cover": "nonsense"}, 400, "/cover"),
    ],
)
def test_what_cannot_be_is_a_problem_with_a_pointer(api, asked, status, pointer):
    api.force_login(editor())

    response = api.post(POSTS, asked)

    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["errors"][0]["pointer"] == pointer
    assert not Post.objects.exists()


def test_a_save_over_another_is_a_problem_with_both_texts(api):
    author = writer()
    post = draft(author, title="On ash", body="First.")
    api.force_login(author)
    url = f"{POSTS}{post.slug}/"

    saved = api.patch(url, {"lock_version": 1, "body": "Second."})
    late = api.patch(url, {"lock_version": 1, "body": "Third.", "title": "Ash"})

    assert (saved.status_code, saved.json()["lock_version"]) == (200, 2)
    assert late.status_code == 409
    problem = late.json()
    assert (problem["code"], problem["yours"]) == ("edit_conflict", {"body": "Third.", "title": "Ash"})
    assert problem["theirs"] == {
        "title": "On ash",
        "excerpt": "What a glaze is.",
        "body": "Second.\n",
        "lock_version": 2,
    }
    assert Post.objects.get().body_source == "Second.\n"
    assert api.patch(url, {"body": "Third."}).status_code == 428
    assert api.patch(url, {"body": "Third.", "lock_version": 2}).json()["body"] == "Third.\n"


def test_an_old_address_is_still_an_id(api):
    post = published(title="Old")
    writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, slug="new")

    assert api.get(f"{POSTS}old/").json()["slug"] == "new"
    assert api.get(f"{POSTS}never/").status_code == 404


def test_a_post_is_scheduled_then_published_then_put_away(api):
    post = draft()
    api.force_login(editor())
    url = f"{POSTS}{post.slug}/publication/"

    planned = api.post(url, {"publish_at": "2999-01-01T10:00:00Z"})
    assert (planned.status_code, planned.json()["status"]) == (201, "scheduled")
    assert planned.json()["publish_at"] == "2999-01-01T10:00:00Z"
    assert api.post(url, {"publish_at": "2020-01-01T10:00:00Z"}).status_code == 422

    assert api.post(url).json()["status"] == "published"
    assert api.post(url).status_code == 409
    assert api.delete(url).status_code == 204

    post.refresh_from_db()
    assert post.status == "archived"
    assert len(events_named("post.published")) == 1


def test_a_draft_is_handed_in(api):
    author = writer()
    post = draft(author)
    api.force_login(author)

    assert api.post(f"{POSTS}{post.slug}/submission/").json()["status"] == "in_review"
    assert api.post(f"{POSTS}{post.slug}/submission/").status_code == 409


WRITES = [
    ("post", POSTS, {"title": "x"}),
    ("patch", POSTS + "{slug}/", {"title": "x", "lock_version": 1}),
    ("post", POSTS + "{slug}/publication/", {}),
    ("delete", POSTS + "{slug}/publication/", {}),
    ("post", POSTS + "{slug}/submission/", {}),
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(("who", "status"), [("stranger", 401), ("reader", 403)])
def test_only_those_who_may_write_do(api, write, who, status):
    post, (method, url, asked) = published(), write
    if who == "reader":
        api.force_login(person())
    before = snapshot("blog.Post", "blog.Revision", "core.Event")

    response = getattr(api, method)(url.format(slug=post.slug), asked)

    assert response.status_code == status
    assert snapshot("blog.Post", "blog.Revision", "core.Event") == before


def test_what_one_may_not_see_one_cannot_write_either(api):
    post = draft()
    api.force_login(writer())

    for method, url, asked in WRITES[1:]:
        assert getattr(api, method)(url.format(slug=post.slug), asked).status_code == 404

    assert no_event("post.published")
    assert no_event("post.saved")


def test_subjects_are_listed_by_name(api):
    published(tags=["Salt", "Ash"])

    found = api.get("/api/v1/tags/").json()["results"]

    assert [(tag["slug"], tag["name"], tag["url"]) for tag in found] == [
        ("ash", "Ash", "/journal/tag/ash/"),
        ("salt", "Salt", "/journal/tag/salt/"),
    ]
    assert api.get("/api/v1/tags/ash/").json()["name"] == "Ash"
