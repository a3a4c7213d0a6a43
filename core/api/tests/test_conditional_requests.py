"""What a caller has already is not sent again; what changed since it was read is not written over."""

import threading

import pytest
from django.db import connection
from rest_framework.test import APIClient

from blog.posts.models import Post
from blog.tests.factories import draft, editor, published
from core.testing import snapshot
from shop.tests import factories as shop

TAGS = "/api/v1/tags/"


@pytest.fixture
def person(customer):
    client = APIClient()
    client.force_login(customer)
    return client


@pytest.mark.django_db
def test_what_the_caller_has_is_answered_without_a_body(api):
    published(tags=["Ash"])
    first = api.get(TAGS)

    again = api.get(TAGS, HTTP_IF_NONE_MATCH=first["ETag"])
    weakened = api.get(TAGS, HTTP_IF_NONE_MATCH=f'"other", W/{first["ETag"]}')

    assert [again.status_code, again.content, again["ETag"]] == [304, b"", first["ETag"]]
    assert weakened.status_code == 304
    assert again["Cache-Control"] == "no-cache"
    assert "Accept" in again["Vary"]


@pytest.mark.django_db
def test_a_change_gives_another_tag(api):
    published(tags=["Ash"])
    first = api.get(TAGS)
    published(tags=["Clay"])

    second = api.get(TAGS, HTTP_IF_NONE_MATCH=first["ETag"])

    assert second.status_code == 200
    assert second["ETag"] != first["ETag"]


@pytest.mark.django_db
def test_each_representation_has_a_tag_of_its_own(api):
    published(tags=["Ash"])

    tags = {api.get(TAGS, query)["ETag"] for query in ({}, {"fields": "slug"}, {"format": "csv"})}

    assert len(tags) == 3


@pytest.mark.django_db
def test_the_answer_to_a_person_is_for_nobody_else(person):
    answer = person.get("/api/v1/me/")

    assert {"no-cache", "private"} == set(answer["Cache-Control"].split(", "))
    assert "Cookie" in answer["Vary"]


@pytest.mark.django_db
def test_a_write_over_what_was_read_is_done_once(person, customer):
    tag = person.get("/api/v1/me/")["ETag"]

    first = person.patch("/api/v1/me/", {"bio": "First."}, HTTP_IF_MATCH=tag)
    second = person.patch("/api/v1/me/", {"bio": "Second."}, HTTP_IF_MATCH=tag)

    assert [first.status_code, second.status_code] == [200, 412]
    assert second.json()["code"] == "stale"
    customer.refresh_from_db()
    assert customer.bio == "First."


@pytest.mark.django_db
@pytest.mark.parametrize("tag", ["*", 'W/"{}"'])
def test_any_version_and_a_tag_that_a_proxy_weakened_are_taken(person, tag):
    given = tag.replace("{}", person.get("/api/v1/me/")["ETag"].strip('"'))

    assert person.patch("/api/v1/me/", {"bio": "New."}, HTTP_IF_MATCH=given).status_code == 200


@pytest.mark.django_db
def test_an_address_that_shows_nothing_matches_nothing(api):
    variant = shop.VariantFactory(sku="MUG-1")
    shop.shop_ready()
    made = api.post("/api/v1/carts/")
    lines = f"/api/v1/carts/{made.json()['token']}/lines/"

    refused = api.post(lines, {"sku": variant.sku}, HTTP_IF_MATCH="*")

    assert refused.status_code == 412
    assert api.get(f"/api/v1/carts/{made.json()['token']}/").json()["lines"] == []


@pytest.mark.django_db
def test_a_post_is_saved_over_the_version_that_was_read_and_no_other(api):
    author = editor()
    api.force_login(author)
    draft(author, title="On ash", slug="on-ash")
    url = "/api/v1/posts/on-ash/"
    tag = api.get(url)["ETag"]

    saved = api.patch(url, {"title": "On wood ash"}, HTTP_IF_MATCH=tag)
    before = snapshot("blog.Post", "blog.Revision")
    stale = api.patch(url, {"title": "On bone ash"}, HTTP_IF_MATCH=tag)
    unnamed = api.patch(url, {"title": "On bone ash"})
    garbled = api.patch(url, {"title": "On bone ash"}, HTTP_IF_MATCH='"what"')

    assert tag.startswith('"1-')
    assert [saved.status_code, stale.status_code, unnamed.status_code, garbled.status_code] == [200, 412, 428, 412]
    assert (stale.json()["code"], unnamed.json()["code"]) == ("edit_conflict", "condition_missing")
    assert stale.json()["theirs"]["title"] == "On wood ash"
    assert snapshot("blog.Post", "blog.Revision") == before


@pytest.mark.django_db
def test_a_comment_under_a_post_does_not_stand_in_the_way_of_its_author(api):
    author = editor()
    api.force_login(author)
    post = published(author, slug="on-ash")
    url = "/api/v1/posts/on-ash/"
    tag = api.get(url)["ETag"]
    Post.objects.filter(pk=post.pk).update(comment_count=7)

    assert api.get(url, HTTP_IF_NONE_MATCH=tag).status_code == 200
    assert api.patch(url, {"title": "Ash"}, HTTP_IF_MATCH=tag).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_writes_at_once_with_the_same_tag_one_is_done(customer):
    clients = [APIClient(), APIClient()]
    for client in clients:
        client.force_login(customer)
    tag = clients[0].get("/api/v1/me/")["ETag"]
    ready, answers = threading.Barrier(2), []

    def write(client, bio):
        ready.wait(5)
        answers.append(client.patch("/api/v1/me/", {"bio": bio}, HTTP_IF_MATCH=tag).status_code)
        connection.close()

    threads = [threading.Thread(target=write, args=pair) for pair in zip(clients, ("One.", "Two."), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(answers) == [200, 412]
