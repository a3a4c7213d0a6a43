"""Comments for programs."""

import pytest

from blog.comments import services as commenting
from blog.comments.models import Comment
from blog.posts.models import Post
from blog.tests.factories import comment, editor, person, published, writer
from core.context import Actor
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

COMMENTS = "/api/v1/comments/"
UID = "01920000-0000-7000-8000-000000000001"


def bodies(response):
    return [row["body"] for row in response.json()["results"]]


def test_comments_of_a_post_come_oldest_first_with_their_place(api):
    post, reader = published(), person("Rita")
    first = comment(post, reader, body="1")
    comment(post, body="1.1", parent=first)
    comment(published(), body="elsewhere")

    response = api.get(COMMENTS, {"post": post.slug})

    assert bodies(response) == ["1", "1.1"]
    one, reply = response.json()["results"]
    assert (one["author"], one["depth"], one["parent"]) == ({"uid": str(reader.uid), "name": "Rita"}, 1, None)
    assert (reply["parent"], reply["depth"], reply["post"]) == (str(first.uid), 2, post.slug)
    assert "id" not in one


def test_what_waits_and_what_belongs_to_closed_posts_is_not_for_everybody(api):
    open_post, closed = published(comments_mode="all"), published(visibility="members")
    reader = person()
    commenting.add_comment(post_id=open_post.pk, body="waits", by=Actor.person(reader))
    comment(closed, body="inside")

    assert bodies(api.get(COMMENTS)) == []
    api.force_login(reader)
    assert bodies(api.get(COMMENTS)) == ["waits", "inside"]
    api.force_login(person())
    assert bodies(api.get(COMMENTS)) == ["inside"]
    api.force_login(editor())
    assert bodies(api.get(COMMENTS, {"status": "pending"})) == ["waits"]


def test_a_comment_is_made_once_however_often_it_is_sent(api):
    post = published(comments_mode="all")
    api.force_login(person())

    tries = [({"Idempotency-Key": "one"}, 201), ({"Idempotency-Key": "one"}, 201), ({}, 200)]
    for headers, status in tries:
        response = api.post(COMMENTS, {"post": post.slug, "body": "*Fine*", "uid": UID}, headers=headers)
        assert (response.status_code, response.json()["uid"], response.json()["status"]) == (status, UID, "pending")

    assert Comment.objects.get().body_html == "<p><em>Fine</em></p>"
    assert len(events_named("comment.added")) == 1


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"body": "x"}, 404, "not_found"),
        ({"body": "x", "post": "closed"}, 409, "comments_closed"),
        ({"body": "x", "post": "open", "parent": UID}, 422, "no_such_comment"),
        ({"body": " ", "post": "open"}, 400, "invalid"),
        ({"body": "x" * 5001, "post": "open"}, 400, "invalid"),
    ],
)
def test_what_cannot_be_said_is_a_problem(api, asked, status, code):
    published(slug="open", title="Open")
    published(slug="closed", title="Closed", comments_closed=True)
    api.force_login(person())

    response = api.post(COMMENTS, {"post": "nowhere", **asked})

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert no_event("comment.added")


def test_comments_are_rate_limited(api):
    post = published()
    api.force_login(person())

    statuses = [api.post(COMMENTS, {"post": post.slug, "body": str(n)}).status_code for n in range(6)]

    assert statuses == [201] * 5 + [429]
    assert Comment.objects.count() == 5


def test_moderators_decide_and_people_remove_their_own(api):
    post, reader = published(comments_mode="all"), person()
    said = commenting.add_comment(post_id=post.pk, body="Hm", by=Actor.person(reader))
    url = f"{COMMENTS}{said.uid}/"

    api.force_login(editor())
    assert api.post(f"{url}moderation/", {"decision": "approve"}).json()["status"] == "approved"
    assert Post.objects.get().comment_count == 1
    assert api.post(f"{url}moderation/", {"decision": "maybe"}).status_code == 400

    api.force_login(reader)
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    assert Post.objects.get().comment_count == 0


@pytest.mark.parametrize(("who", "status"), [("stranger", 401), ("reader", 403), ("writer", 403)])
def test_others_neither_decide_nor_remove(api, who, status):
    said = comment(published())
    if who != "stranger":
        api.force_login({"reader": person, "writer": writer}[who]())
    before = snapshot("blog.Comment", "blog.Post", "core.Event")

    assert api.post(f"{COMMENTS}{said.uid}/moderation/", {"decision": "refuse"}).status_code == status
    assert api.delete(f"{COMMENTS}{said.uid}/").status_code == status
    assert snapshot("blog.Comment", "blog.Post", "core.Event") == before


def test_strangers_do_not_comment(api):
    post = published()

    assert api.post(COMMENTS, {"post": post.slug, "body": "x"}).status_code == 401
    assert no_event("comment.added")


@pytest.mark.parametrize("other", [{"body": "Other words"}, {"parent": "above"}])
def test_the_uid_of_a_comment_with_other_words_or_elsewhere_is_a_conflict(api, other):
    post, reader = published(), person("Rita")
    above = comment(post, reader)
    api.force_login(reader)
    asked = {"post": post.slug, "body": "Fine", "uid": UID}
    api.post(COMMENTS, asked)
    before = snapshot("blog.Comment", "core.Event")

    again = api.post(COMMENTS, asked)
    refused = api.post(
        COMMENTS, asked | {key: str(above.uid) if key == "parent" else text for key, text in other.items()}
    )

    assert (again.status_code, again.json()["body"]) == (200, "Fine")
    assert (refused.status_code, refused.json()["code"]) == (409, "comment_uid_taken")
    assert refused.json()["errors"][0]["pointer"] == "/uid"
    assert snapshot("blog.Comment", "core.Event") == before


def test_a_comment_that_was_removed_meanwhile_is_not_said_again(api):
    post, reader = published(), person("Rita")
    api.force_login(reader)
    asked = {"post": post.slug, "body": "Fine", "uid": UID}
    api.post(COMMENTS, asked)
    api.delete(f"{COMMENTS}{UID}/")

    again = api.post(COMMENTS, asked)

    assert (again.status_code, again.json()["status"], again.json()["body"]) == (200, "deleted", "")
    assert Comment.objects.count() == 1
