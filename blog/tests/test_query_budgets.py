"""Pages and endpoints take as many queries for a hundred rows as for one."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from blog.comments import services as commenting
from blog.tests.factories import editor, many_comments, many_published, person, picture, published
from core.context import Actor

pytestmark = pytest.mark.django_db

SIZES = [1, 24, 100]


@pytest.fixture
def count(request, db):
    """So many posts, with everything that could cost a query each."""
    many_published(request.param)
    return request.param


def queries_of(client, url, django_assert_max_num_queries, most):
    client.get(url)  # sessions, content types and the like are asked once
    with django_assert_max_num_queries(most) as taken:
        assert client.get(url).status_code == 200
    return len(taken)


@pytest.mark.parametrize("count", SIZES, indirect=True)
@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("/journal/", 5),
        ("/journal/tag/ash/", 6),
        ("/api/v1/posts/?page_size=100", 3),
        ("/api/v1/tags/?page_size=100", 1),
    ],
)
def test_lists(client, count, url, most, django_assert_max_num_queries):
    queries_of(client, url, django_assert_max_num_queries, most)


@pytest.mark.parametrize("count", SIZES, indirect=True)
def test_an_editor_s_lists(client, count, django_assert_max_num_queries):
    client.force_login(editor(is_staff=True))

    queries_of(client, "/journal/", django_assert_max_num_queries, 8)
    queries_of(client, "/api/v1/posts/?page_size=100", django_assert_max_num_queries, 5)
    queries_of(client, reverse("admin:blog_post_changelist"), django_assert_max_num_queries, 12)


def discussed(count, **fields):
    """A post with a card and so many comments, in threads, by as many people."""
    post = published(tags=["Ash"], cover=picture(), body=":::product BOWL-OAT\n:::\n")
    many_comments(post, count, **fields)
    return post


@pytest.mark.parametrize("count", SIZES)
def test_a_post_with_comments(client, product_cards, count, django_assert_max_num_queries):
    product_cards.put("BOWL-OAT")
    post = discussed(count)
    many_published(5)

    assert queries_of(client, reverse("blog:post", args=[post.slug]), django_assert_max_num_queries, 6) == 6
    queries_of(client, f"/api/v1/comments/?post={post.slug}&page_size=100", django_assert_max_num_queries, 1)
    queries_of(client, f"/api/v1/posts/{post.slug}/", django_assert_max_num_queries, 3)


@pytest.mark.parametrize("count", SIZES)
def test_a_post_for_somebody_signed_in(client, product_cards, count, django_assert_max_num_queries):
    post = discussed(count)
    reader = person()
    commenting.add_comment(post_id=post.pk, body="Mine", by=Actor.person(reader))
    client.force_login(reader)

    queries_of(client, reverse("blog:post", args=[post.slug]), django_assert_max_num_queries, 9)


@pytest.mark.parametrize("count", SIZES)
def test_moderation(client, count, django_assert_max_num_queries):
    discussed(count, status="pending")
    client.force_login(editor(is_staff=True))
    cache.clear()

    queries_of(client, reverse("admin:blog_comment_changelist"), django_assert_max_num_queries, 9)
