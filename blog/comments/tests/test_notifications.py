"""Letters of the journal: a new post to who asked for it, a comment to who follows what is said."""

import pytest
from django.core import mail
from django.test import Client

from accounts.subscriptions.models import Letter, Subscription
from accounts.subscriptions.services import notifications, subscriptions
from accounts.tests.factories import UserFactory
from blog.comments import services as commenting
from blog.comments.topics import NEWSLETTER, thread_topic
from blog.posts.models import Post
from blog.posts.services import publishing
from blog.tests.factories import SYSTEM, comment, draft, person, published
from core import context
from core.context import Actor, Grant
from core.testing import deliver_events

pytestmark = pytest.mark.django_db


def reader(topic, email="nora@example.com"):
    user = UserFactory(email=email)
    assert subscriptions.subscribe(email=email, topic=topic, viewer=Grant.session(user), source="page")
    return user


def send():
    deliver_events()
    notifications.send_due()
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_a_new_post_is_written_about_once_however_often_it_is_published():
    reader(NEWSLETTER)
    post = published(title="On ash")

    first = send()
    publishing.unpublish_post(post_id=post.pk, by=SYSTEM)
    publishing.publish_post(post_id=post.pk, by=SYSTEM)

    assert first == send() == [("nora@example.com", "On ash")]
    [letter] = mail.outbox
    assert f"/journal/{post.slug}/" in letter.body
    assert "What a glaze is." in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("more", [{"visibility": Post.Visibility.MEMBERS}])
def test_a_post_that_not_everybody_may_read_is_not(more):
    reader(NEWSLETTER)
    published(**more)

    assert send() == []
    assert not Letter.objects.exists()


def test_quiet_events_send_no_notifications():
    reader(NEWSLETTER)
    with context.bind(quiet=True):
        published()

    assert send() == []


def test_unpublished_post_is_not_emailed():
    reader(NEWSLETTER)
    post = published()
    deliver_events()
    publishing.unpublish_post(post_id=post.pk, by=SYSTEM)

    notifications.send_due()

    assert mail.outbox == []
    assert Letter.objects.get().state == "dropped"


def test_who_follows_a_post_hears_of_what_others_say_once_it_is_shown():
    post = published(title="On ash", comments_mode=Post.Moderation.ALL)
    follower = reader(thread_topic(post))
    waiting = commenting.add_comment(post_id=post.pk, body="Lovely **ash**.", by=Actor.person(person("Ben")))

    before = send()
    commenting.approve_comment(comment_id=waiting.pk, by=SYSTEM)
    after = send()

    assert before == []
    assert after == [(follower.email, "A new comment on “On ash”")]
    assert "Ben says:" in mail.outbox[0].body
    assert f"comment={waiting.uid}" in mail.outbox[0].body


def test_comment_author_is_not_notified():
    post = published()
    follower = reader(thread_topic(post))
    comment(post, follower)

    assert send() == []


def test_comments_on_other_posts_are_not_notified():
    post, other = published(), published()
    reader(thread_topic(post))
    comment(other)

    assert send() == []


def test_the_way_to_follow_is_below_the_post_and_in_the_foot():
    post = published(title="On ash")
    client = Client()

    page = client.get(f"/journal/{post.slug}/").content.decode()
    asking = client.get(f"/subscriptions/?topic={thread_topic(post)}").content.decode()

    assert f"/subscriptions/?topic={thread_topic(post)}" in page
    assert 'name="topic" value="newsletter"' in page
    assert "New comments on a post: On ash" in asking


def test_a_draft_cannot_be_followed():
    post = draft()

    assert (
        "There is nothing to subscribe to here"
        in Client().get(f"/subscriptions/?topic={thread_topic(post)}").content.decode()
    )
    Client().post(
        "/subscriptions/",
        {"email": "n@example.com", "topic": thread_topic(post)},
        headers={"origin": "http://testserver"},
    )

    assert not Subscription.objects.exists()
