"""The journal without Redis: read, commented on and written, by people and programs."""

import pytest
from django.urls import reverse

from blog.comments.models import Comment
from blog.posts.models import Post
from blog.tests.factories import person, published, writer
from blog.tests.reading import page
from core.ids import uuid7

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("without_redis")]


def test_it_is_read(client):
    post = published()

    answers = [client.get(reverse("blog:index")), page(client, post), client.get(reverse("blog:feed"))]

    assert [answer.status_code for answer in answers] == [200] * 3


def test_comment_is_created(client):
    post, reader = published(comments_mode="none"), person()
    client.force_login(reader)

    answer = client.post(reverse("blog:comments", args=[post.slug]), {"body": "Lovely.", "uid": uuid7()})

    assert answer.status_code == 303
    assert Comment.objects.get().body_source == "Lovely."


def test_programs_comment_and_write(api):
    post = published(comments_mode="none")
    api.force_login(writer())

    comment = api.post("/api/v1/comments/", {"post": post.slug, "body": "Lovely."})
    draft = api.post("/api/v1/posts/", {"title": "On glazes", "body": "Words."})

    assert (comment.status_code, draft.status_code) == (201, 201)
    assert Post.objects.filter(title="On glazes").exists()
