"""Schedules: the row is the truth. Any number of workers publish each due post once; one bad post holds up no other."""

from datetime import timedelta

import pytest
from django.db import transaction

from blog.posts.models import Post
from blog.posts.services import publishing
from blog.posts.tasks import publish_due_posts
from blog.tests.factories import NOON, SYSTEM, draft, scheduled, writer
from core.events import services as events
from core.events.models import Event
from core.testing import events_named, race

WORKERS = 4
POSTS = 24


@pytest.mark.django_db
def test_only_what_is_due_is_published_and_an_hour_late_is_not_too_late():
    early, late = scheduled(at=NOON), scheduled(at=NOON + timedelta(hours=2))

    assert publishing.publish_due(by=SYSTEM, now=NOON - timedelta(seconds=1)) == 0
    assert publishing.publish_due(by=SYSTEM, now=NOON + timedelta(hours=1)) == 1

    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.status, early.published_at, early.publish_at) == ("published", NOON + timedelta(hours=1), None)
    assert late.status == "scheduled"
    assert early.lock_version == 1


@pytest.mark.django_db
def test_the_task_that_beat_calls_publishes():
    post = scheduled(at=NOON)

    publish_due_posts()

    post.refresh_from_db()
    assert post.is_published
    (event,) = events_named("post.published")
    assert (event.actor_kind, event.actor_id) == ("system", "schedule")


@pytest.mark.django_db
def test_a_post_that_cannot_be_published_goes_back_with_the_reason_and_the_others_go_on():
    first, bad, last = (scheduled(at=NOON + timedelta(minutes=minute)) for minute in range(3))
    Post.objects.filter(pk=bad.pk).update(body_source="")

    assert publishing.publish_due(by=SYSTEM, now=NOON + timedelta(hours=1), batch=1) == 2

    assert [Post.objects.get(pk=post.pk).status for post in (first, bad, last)] == ["published", "draft", "published"]
    bad.refresh_from_db()
    assert (bad.publish_at, bad.schedule_error) == (None, "A post needs a text before it can be published.")
    (event,) = events_named("post.schedule_failed")
    assert (event.subject_id, event.data) == (bad.slug, {"code": "not_ready"})


@pytest.mark.django_db
def test_a_fault_of_ours_leaves_the_post_scheduled_and_the_others_go_on(monkeypatch):
    broken, fine = scheduled(at=NOON), scheduled(at=NOON + timedelta(minutes=1))
    save_revision = publishing.save_revision

    def fail_for_one(post, **arguments):
        if post.pk == broken.pk:
            raise RuntimeError("disk full")
        return save_revision(post, **arguments)

    monkeypatch.setattr(publishing, "save_revision", fail_for_one)

    assert publishing.publish_due(by=SYSTEM, now=NOON + timedelta(hours=1)) == 1

    broken.refresh_from_db()
    assert (broken.status, broken.publish_at) == ("scheduled", NOON)
    assert [event.subject_id for event in events_named("post.published")] == [fine.slug]


@pytest.fixture
def due_posts(transactional_db):
    author = writer()
    return [scheduled(author, at=NOON).pk for _ in range(POSTS)]


def test_workers_at_once_publish_each_post_once(due_posts):
    results = race(*[lambda: publishing.publish_due(by=SYSTEM, now=NOON, batch=5)] * WORKERS)

    assert sum(results) == POSTS
    assert Post.objects.published(NOON).count() == POSTS
    published = [event.subject_id for event in events_named("post.published")]
    assert len(published) == len(set(published)) == POSTS


def test_control_without_the_claim_workers_publish_posts_many_times(due_posts):
    """What the guards are for: the same work as read, save, record publishes posts more than once."""

    def publish_without_claim() -> None:
        for post in list(Post.objects.due(NOON)):
            post.status, post.publish_at = Post.Status.PUBLISHED, None
            post.published_at = post.first_published_at = NOON
            post.save()
            events.record("post.published", post, by=SYSTEM, now=NOON)

    race(*[publish_without_claim] * WORKERS)

    assert Post.objects.published(NOON).count() == POSTS
    assert Event.objects.filter(name="post.published").count() > POSTS


def test_a_post_somebody_edits_meanwhile_is_passed_over_not_waited_for(due_posts):
    with transaction.atomic():
        held = Post.objects.locked().get(pk=due_posts[0])
        (count,) = race(lambda: publishing.publish_due(by=SYSTEM, now=NOON))

    assert count == POSTS - 1
    held.refresh_from_db()
    assert held.status == "scheduled"
    assert publishing.publish_due(by=SYSTEM, now=NOON) == 1


@pytest.mark.django_db
def test_a_crash_before_the_commit_leaves_the_post_scheduled_and_no_event():
    post = scheduled(at=NOON)

    @transaction.atomic
    def publish_and_crash() -> None:
        publishing.publish_due(by=SYSTEM, now=NOON)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_and_crash()

    post.refresh_from_db()
    assert post.status == "scheduled"
    assert events_named("post.published") == []
    assert publishing.publish_due(by=SYSTEM, now=NOON) == 1


@pytest.mark.django_db
def test_readers_see_a_post_at_its_moment_not_before():
    post = draft()
    publishing.publish_post(post_id=post.pk, by=SYSTEM, now=NOON)

    assert not Post.objects.published(NOON - timedelta(seconds=1)).exists()
    assert Post.objects.published(NOON).exists()
