"""Publishing: once, by those who may, the same from every edge."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from blog.posts.models import Post, Revision
from blog.posts.services import publishing
from blog.tests.factories import NOON, SYSTEM, draft, editor, person, published, scheduled, writer
from core.context import Actor
from core.errors import Denied
from core.events.models import Event
from core.testing import events_named, failures, no_event, race, snapshot

LATER = NOON + timedelta(days=3)


@pytest.mark.django_db
def test_a_published_post_has_its_dates_a_revision_and_an_event():
    post = draft()

    shown = publishing.publish_post(post_id=post.pk, by=SYSTEM, now=NOON)

    assert (shown.status, shown.published_at, shown.first_published_at) == ("published", NOON, NOON)
    assert list(Post.objects.published(NOON)) == [shown]
    assert Revision.objects.filter(post=post).latest("number").kind == "publish"
    (event,) = events_named("post.published")
    assert (event.subject_id, event.at) == (post.slug, NOON)
    assert event.data == {"first": True, "visibility": "public", "revision": 2}


def publish_by_page(client, api, post, staff):
    client.force_login(staff)
    assert client.post(reverse("blog:publication", args=[post.slug])).status_code == 303


def publish_by_api(client, api, post, staff):
    api.force_login(staff)
    assert api.post(f"/api/v1/posts/{post.slug}/publication/", {}).status_code == 201


def publish_by_admin_action(client, api, post, staff):
    client.force_login(staff)
    chosen = {"action": "publish", "_selected_action": [post.pk]}
    assert client.post(reverse("admin:blog_post_changelist"), chosen).status_code == 302


def publish_by_admin_button(client, api, post, staff):
    client.force_login(staff)
    fields = {"title": post.title, "slug": post.slug, "body": post.body_source, "excerpt": post.excerpt}
    choices = {"visibility": "public", "comments_mode": "first", "version": post.lock_version, "verb": "publish"}
    emails = ", ".join(post.authors.values_list("email", flat=True))
    sent = {**fields, **choices, "author_emails": emails}
    assert client.post(reverse("admin:blog_post_change", args=[post.pk]), sent).status_code == 302


EDGES = [publish_by_page, publish_by_api, publish_by_admin_action, publish_by_admin_button]


@pytest.mark.django_db
def test_every_edge_publishes_alike(client, api, staff, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    seen = []
    for edge in EDGES:
        post = draft(author=staff, title="The same")
        edge(client, api, post, staff)
        seen.append(_traces(post))

    assert seen[0]["post"]["status"] == "published"
    assert seen[0]["events"][-1]["name"] == "post.published"
    assert all(trace == seen[0] for trace in seen[1:])


def _traces(post):
    """All a publication leaves, without keys and addresses, which differ by nature."""
    row = Post.objects.filter(pk=post.pk).values().get()
    revisions = Revision.objects.filter(post=post).order_by("number").values()
    events = Event.objects.filter(subject_kind="post", subject_id=post.slug).order_by("id").values()
    own = {"id", "uid", "slug", "post_id", "request_id", "subject_id", "dispatched_at"}
    strip = lambda values: {name: value for name, value in values.items() if name not in own}  # noqa: E731
    return {
        "post": strip(row),
        "revisions": [strip(revision) for revision in revisions],
        "events": [strip(event) for event in events],
    }


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.django_db
def test_no_edge_publishes_for_those_who_may_not(edge, client, api):
    author = writer(is_staff=True)
    post = draft(author)
    before = snapshot("blog.Post", "blog.Revision")

    with suppress(AssertionError):  # the answers differ by edge; what counts is that nothing changed
        edge(client, api, post, author)

    assert snapshot("blog.Post", "blog.Revision") == before
    assert no_event("post.published")


@pytest.mark.parametrize("who", ["guest", "customer", "its author", "other author who may publish"])
@pytest.mark.parametrize("verb", ["publish_post", "schedule_post", "unpublish_post", "archive_post"])
@pytest.mark.django_db
def test_only_those_with_the_right_change_what_is_public(verb, who):
    author = writer()
    post = draft(author)
    by = {
        "guest": Actor.guest(),
        "customer": Actor.person(person()),
        "its author": Actor.person(author),
        "other author who may publish": Actor.person(person("", "blog.change_post", "blog.publish_post")),
    }[who]
    arguments = {"publish_at": LATER} if verb == "schedule_post" else {}
    before = snapshot("blog.Post", "core.Event")

    with pytest.raises(Denied):
        getattr(publishing, verb)(post_id=post.pk, by=by, now=NOON, **arguments)

    assert snapshot("blog.Post", "core.Event") == before


@pytest.mark.parametrize("who", [editor, lambda: person("", "blog.change_post", "blog.publish_post")])
@pytest.mark.django_db
def test_editors_and_authors_with_the_right_publish(who):
    publisher = who()
    post = draft(publisher)

    shown = publishing.publish_post(post_id=post.pk, by=Actor.person(publisher), now=NOON)

    assert shown.is_published


@pytest.mark.django_db
def test_a_published_post_is_not_published_again():
    post = published()

    with pytest.raises(publishing.AlreadyPublished):
        publishing.publish_post(post_id=post.pk, by=SYSTEM, now=LATER)

    post.refresh_from_db()
    assert post.published_at == NOON
    assert len(events_named("post.published")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "code"), [("", "not_ready"), (" \n", "not_ready"), ("![](/media/x.webp)", "picture_without_words")]
)
def test_a_post_that_is_not_ready_stays_a_draft(body, code):
    post = draft(body=body)

    with pytest.raises(publishing.Invalid) as refused:
        publishing.publish_post(post_id=post.pk, by=SYSTEM, now=NOON)

    post.refresh_from_db()
    assert (refused.value.code, post.status) == (code, "draft")
    assert no_event("post.published")


@pytest.mark.django_db
def test_a_post_that_comes_back_keeps_its_date():
    post = published()
    publishing.archive_post(post_id=post.pk, by=SYSTEM, now=NOON + timedelta(days=1))
    assert not Post.objects.published(LATER).exists()

    shown = publishing.publish_post(post_id=post.pk, by=SYSTEM, now=LATER)

    assert (shown.published_at, shown.first_published_at) == (NOON, NOON)
    assert [event.data["first"] for event in events_named("post.published")] == [True, False]


@pytest.mark.django_db
def test_rescheduled_post_gets_the_new_date():
    post = published()
    publishing.unpublish_post(post_id=post.pk, by=SYSTEM, now=NOON)
    publishing.schedule_post(post_id=post.pk, publish_at=LATER, by=SYSTEM, now=NOON)

    publishing.publish_due(by=SYSTEM, now=LATER)

    post.refresh_from_db()
    assert (post.published_at, post.first_published_at) == (LATER, NOON)


@pytest.mark.django_db
def test_schedule_can_be_changed_and_cancelled():
    post = draft()
    publishing.schedule_post(post_id=post.pk, publish_at=LATER, by=SYSTEM, now=NOON)
    publishing.schedule_post(post_id=post.pk, publish_at=LATER + timedelta(days=1), by=SYSTEM, now=NOON)

    post.refresh_from_db()
    assert (post.status, post.publish_at, post.lock_version) == ("scheduled", LATER + timedelta(days=1), 1)
    assert publishing.publish_due(by=SYSTEM, now=LATER) == 0

    publishing.unpublish_post(post_id=post.pk, by=SYSTEM, now=LATER)

    post.refresh_from_db()
    assert (post.status, post.publish_at) == ("draft", None)
    assert publishing.publish_due(by=SYSTEM, now=LATER + timedelta(days=2)) == 0


@pytest.mark.django_db
def test_a_schedule_in_the_past_is_refused():
    post = draft()

    with pytest.raises(publishing.PublishTimeInPast) as refused:
        publishing.schedule_post(post_id=post.pk, publish_at=NOON, by=SYSTEM, now=NOON)

    post.refresh_from_db()
    assert (refused.value.field, post.status) == ("publish_at", "draft")


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["draft", "in_review", "archived"])
def test_what_is_not_public_cannot_be_unpublished(status):
    post = draft()
    Post.objects.update(status=status)

    with pytest.raises(publishing.NotPublished):
        publishing.unpublish_post(post_id=post.pk, by=SYSTEM)

    assert no_event("post.unpublished")


@pytest.mark.django_db
def test_archiving_twice_is_archiving_once():
    post = scheduled(at=LATER)

    publishing.archive_post(post_id=post.pk, by=SYSTEM, now=NOON)
    publishing.archive_post(post_id=post.pk, by=SYSTEM, now=NOON)

    post.refresh_from_db()
    assert (post.status, post.publish_at) == ("archived", None)
    assert len(events_named("post.archived")) == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_press_publish_at_once_one_succeeds():
    post = draft()

    results = race(*[lambda: publishing.publish_post(post_id=post.pk, by=SYSTEM, now=NOON)] * 8)

    assert [type(refused) for refused in failures(results)] == [publishing.AlreadyPublished] * 7
    assert len(events_named("post.published")) == 1
    assert Revision.objects.filter(post=post, kind="publish").count() == 1
