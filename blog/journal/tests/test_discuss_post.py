"""The form below a post and the threads above it: with scripts and without."""

import pytest
from django.urls import reverse

from blog.posts.models import Post
from blog.tests.factories import comment, person, published
from blog.tests.reading import page, text_of
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db


def test_a_comment_is_sent_without_scripts(client):
    post, reader = published(comments_mode="all"), person("Rita")
    client.force_login(reader)
    form = {"body": "How *hot*?", "uid": "01920000-0000-7000-8000-000000000001"}

    response = client.post(reverse("blog:comments", args=[post.slug]), form, follow=True)

    assert response.redirect_chain == [(f"/journal/{post.slug}/?comment={form['uid']}#comment-{form['uid']}", 303)]
    shown = text_of(response)
    assert "How <em>hot</em>?" in shown
    assert "Awaiting moderation" in shown
    assert "Your comment is awaiting moderation." in shown


def test_a_comment_sent_by_script_is_answered_with_the_thread(client):
    post = published(comments_mode="none")
    client.force_login(person())
    form = {"body": "How hot?", "uid": "01920000-0000-7000-8000-000000000001"}

    response = client.post(reverse("blog:comments", args=[post.slug]), form, HTTP_HX_REQUEST="true")

    shown = response.content.decode()
    assert shown.lstrip().startswith('<section class="section" id="comments"')
    assert "How hot?" in shown
    assert "Comment published." in shown


@pytest.mark.parametrize("script", [True, False])
def test_a_comment_that_is_refused_keeps_what_was_typed(client, script):
    post = published(comments_closed=True)
    client.force_login(person())
    form = {"body": "Too late?", "uid": "01920000-0000-7000-8000-000000000001"}
    Post.objects.update(comments_closed=False)
    headers = {"HTTP_HX_REQUEST": "true"} if script else {}

    response = client.post(reverse("blog:comments", args=[post.slug]), {**form, "body": " "}, **headers)
    assert response.status_code == 422
    assert "error-summary" in response.content.decode()

    unknown = {**form, "parent": "01920000-0000-7000-8000-00000000dead"}
    response = client.post(reverse("blog:comments", args=[post.slug]), unknown, **headers)
    assert response.status_code == 422
    assert "Too late?" in response.content.decode()
    assert no_event("comment.added")


def test_anonymous_users_are_redirected_to_sign_in(client):
    post = published()

    response = client.post(reverse("blog:comments", args=[post.slug]), {"body": "Hello"})

    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/?next=/journal/")
    assert no_event("comment.added")


def test_comments_are_rate_limited(client):
    post = published(comments_mode="none")
    client.force_login(person())
    url = reverse("blog:comments", args=[post.slug])
    send = lambda n: client.post(url, {"body": str(n), "uid": f"01920000-0000-7000-8000-{n:012d}"})  # noqa: E731

    assert [send(number).status_code for number in range(6)] == [303] * 5 + [422]
    assert len(events_named("comment.added")) == 5


def test_a_reply_is_opened_by_a_link(client):
    post = published()
    above = comment(post, person("Rita"))
    client.force_login(person())

    shown = text_of(page(client, post, reply=str(above.uid)))

    assert "In reply to <bdi>Rita</bdi>." in shown
    assert f'name="parent" value="{above.uid}"' in shown
    assert page(client, post, reply="nonsense", after="x", comment="y").status_code == 200


def test_people_remove_their_comment_on_the_page(client):
    post, reader = published(), person()
    mine, other = comment(post, reader), comment(post)
    client.force_login(reader)

    assert client.post(reverse("blog:delete_comment", args=[mine.uid])).status_code == 303
    assert client.post(reverse("blog:delete_comment", args=[other.uid])).status_code == 403

    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.status, other.status) == ("deleted", "approved")


def test_closed_comments_can_be_read_but_not_written(client):
    post = published()
    comment(post, body="Earlier")
    Post.objects.update(comments_closed=True)
    client.force_login(person())

    shown = text_of(page(client, post))

    assert "Earlier" in shown
    assert "Comments are closed." in shown
    assert 'id="respond"' not in shown
