"""What search, cards and panels show of the journal, and to whom."""

from datetime import timedelta

import pytest

from accounts.permissions.models import Entitlement
from blog.comments import services as commenting
from blog.journal.panels import my_comments, pending_work
from blog.posts.models import Post
from blog.posts.services import publishing, writing
from blog.tests.factories import NOON, SYSTEM, comment, draft, editor, person, picture, published, scheduled, writer
from core.composition import cards
from core.context import Actor, Grant
from core.search import index as search

pytestmark = pytest.mark.django_db

STRANGER = Grant.anonymous()


def found(q, viewer=STRANGER):
    return [hit.public_id for hit in search.find(q, viewer, ["post"]).hits]


def test_a_post_is_found_from_its_publication_until_it_is_put_away(deliver_events):
    post = draft(title="On ash", body="Wood becomes glass.", tags=["Kiln"])
    deliver_events()
    assert found("glass") == []

    publishing.publish_post(post_id=post.pk, by=SYSTEM)
    deliver_events()
    assert found("glass") == found("ash") == found("kiln") == [post.slug]

    writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, body="Wood becomes smoke.", slug="on-smoke")
    deliver_events()
    assert (found("glass"), found("smoke")) == ([], ["on-smoke"])

    publishing.archive_post(post_id=post.pk, by=SYSTEM)
    deliver_events()
    assert found("smoke") == []


def test_a_text_that_not_everybody_may_read_is_found_by_those_who_may(deliver_events):
    key = {"visibility": "entitled", "entitlement_kind": "product", "entitlement_subject": "mug" * 20}
    for_members, for_buyers = published(body="Secret one.", visibility="members"), published(body="Secret two.", **key)
    deliver_events()
    member, buyer = person(), person()
    Entitlement.objects.create(
        user=buyer, kind="product", subject="mug" * 20, source_kind="order", source_id="1", since=NOON
    )

    assert found("secret") == []
    assert found("secret", Grant.session(member)) == [for_members.slug]
    assert set(found("secret", Grant.session(buyer))) == {for_members.slug, for_buyers.slug}


def test_cards_show_what_is_published_in_one_query(django_assert_num_queries):
    shown, hidden = published(title="Shown", cover=picture("A bowl")), draft()

    with django_assert_num_queries(2):
        made = cards.resolve([("post", shown.slug), ("post", hidden.slug)], STRANGER)
    with django_assert_num_queries(1):
        cards.resolve([("post", shown.slug)], STRANGER)

    (card,) = made.values()
    assert (card.id, card.title, card.url, card.image.alt) == (shown.slug, "Shown", f"/journal/{shown.slug}/", "A bowl")


def test_a_card_is_found_by_an_old_address(django_assert_num_queries):
    post = published(title="Old name")
    writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, slug="new-name")

    with django_assert_num_queries(3):
        made = cards.resolve([("post", "old-name"), ("post", "new-name")], STRANGER)

    assert {pair: card.url for pair, card in made.items()} == {
        ("post", "old-name"): "/journal/new-name/",
        ("post", "new-name"): "/journal/new-name/",
    }


def test_people_see_their_comments_in_their_account(django_assert_num_queries):
    reader = person()
    grant = Grant.session(reader)
    assert my_comments(reader, grant) is None

    for number in range(7):
        comment(published(), reader, body=str(number))
    gone = comment(published(), reader)
    commenting.delete_comment(comment_id=gone.pk, by=SYSTEM)
    comment(published(), person())

    with django_assert_num_queries(1):
        panel = my_comments(reader, grant)
        assert [each.body_source for each in panel.context["comments"]] == ["6", "5", "4", "3", "2"]
        assert all(each.get_absolute_url() for each in panel.context["comments"])


def test_staff_see_what_waits_as_far_as_it_is_theirs(django_assert_num_queries):
    scheduled(at=NOON)
    Post.objects.filter(pk=scheduled(at=NOON).pk).update(publish_at=NOON + timedelta(days=36_500))
    handed_in = draft()
    writing.submit_post(post_id=handed_in.pk, by=SYSTEM)
    commenting.add_comment(post_id=published(comments_mode="all").pk, body="?", by=Actor.person(person()))
    boss, moderator = Grant.session(editor()), Grant.session(person("", "blog.moderate_comment"))
    numbers = lambda viewer: [(str(row[0]), row[1]) for row in pending_work(None, viewer).context["rows"]]  # noqa: E731

    assert numbers(boss) == [("Overdue", 1), ("Scheduled", 1), ("In review", 1), ("Comments to moderate", 1)]
    assert numbers(moderator) == [("Comments to moderate", 1)]
    assert pending_work(None, Grant.session(writer())) is None
    assert pending_work(None, STRANGER) is None
    with django_assert_num_queries(2):
        pending_work(None, boss)
