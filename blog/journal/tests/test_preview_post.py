"""What is not published: seen by those who work on it, and published from there."""

import pytest
from django.test import Client
from django.urls import reverse

from blog.posts.models import Post
from blog.tests.factories import NOON, draft, editor, person, scheduled, writer
from blog.tests.reading import page
from core.testing import no_event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", ["draft", "in_review", "scheduled", "archived"])
def test_what_is_not_published_does_not_exist_for_readers(client, status):
    post = scheduled(at=NOON) if status == "scheduled" else draft()
    if status != "scheduled":
        Post.objects.update(status=status)

    assert page(client, post).status_code == 404
    client.force_login(person())
    assert page(client, post).status_code == 404
    client.force_login(writer())
    assert page(client, post).status_code == 404


def test_preview_is_visible_to_author_and_editors_and_not_stored(client):
    author = writer()
    post = draft(author)

    for somebody, may_publish in ((author, False), (editor(), True)):
        client.force_login(somebody)
        response = page(client, post)
        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store"
        assert '<meta name="robots" content="noindex">' in response.content.decode()
        assert (reverse("blog:publication", args=[post.slug]) in response.content.decode()) is may_publish
        assert "ETag" not in response


def test_the_button_on_a_preview_schedules_and_says_what_is_wrong(client):
    post = draft()
    client.force_login(editor())
    url = reverse("blog:publication", args=[post.slug])

    past = client.post(url, {"publish_at": "2020-01-01T10:00"})
    assert past.status_code == 422
    assert "This time is in the past." in past.content.decode()

    assert client.post(url, {"publish_at": "2999-01-01T10:00"}).status_code == 303
    post.refresh_from_db()
    assert (post.status, post.publish_at.isoformat()) == ("scheduled", "2999-01-01T10:00:00+00:00")


def test_publishing_without_permission_is_denied(client):
    author = writer()
    post = draft(author)
    client.force_login(author)

    response = client.post(reverse("blog:publication", args=[post.slug]))

    post.refresh_from_db()
    assert (response.status_code, post.status) == (403, "draft")
    assert no_event("post.published")


def test_publishing_is_a_post_with_a_token():
    post, strict = draft(), Client(enforce_csrf_checks=True)
    strict.force_login(editor())
    url = reverse("blog:publication", args=[post.slug])

    assert strict.get(url).status_code == 405
    assert strict.post(url).status_code == 403
    assert no_event("post.published")
