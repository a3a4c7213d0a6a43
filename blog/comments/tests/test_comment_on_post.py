"""Comments: who may say what, what is shown at once, what waits, and how threads are read."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from blog.comments import queries as comment_queries
from blog.comments import services as commenting
from blog.comments.models import MAX_DEPTH, Comment
from blog.posts.models import Post
from blog.tests.factories import NOON, SYSTEM, comment, draft, editor, person, published, writer
from core.context import Actor, Grant
from core.errors import Denied, Invalid, NotFound
from core.testing import events_named, failures, no_event, race, snapshot

pytestmark = pytest.mark.django_db


def say(post, by=None, **fields):
    actor = by if isinstance(by, Actor) else Actor.person(by or person())
    return commenting.add_comment(post_id=post.pk, by=actor, now=NOON, **{"body": "Lovely.", **fields})


def reading(post, viewer=None, **where):
    """The thread as nested (text, replies)."""
    grant = Grant.session(viewer) if viewer else Grant.anonymous()

    def nested(nodes):
        return [(node.comment.body_source, nested(node.replies)) for node in nodes]

    return nested(comment_queries.get_thread(post, grant, **where).nodes)


def test_a_comment_is_cleaned_and_recorded():
    post, reader = published(comments_mode="none"), person()

    said = say(post, reader, body=" *Fine* <script>x</script>\r\n")

    assert (said.body_source, said.status, said.path) == ("*Fine* <script>x</script>", "approved", [said.pk])
    assert said.body_html == "<p><em>Fine</em> &lt;script&gt;x&lt;/script&gt;</p>"
    post.refresh_from_db()
    assert (post.comment_count, post.changed_at) == (1, NOON)
    (event,) = events_named("comment.added")
    assert (event.subject_kind, event.subject_id) == ("comment", str(said.uid))
    assert (event.actor_id, event.data) == (str(reader.uid), {"post": post.slug, "status": "approved"})


@pytest.mark.parametrize(
    ("mode", "first", "second"),
    [("none", "approved", "approved"), ("first", "pending", "approved"), ("all", "pending", "pending")],
)
def test_moderation_is_as_the_post_says(mode, first, second):
    post, reader = published(comments_mode=mode), person()

    one = say(post, reader)
    assert one.status == first
    commenting.approve_comment(comment_id=one.pk, by=SYSTEM)

    assert say(post, reader).status == second


def test_comment_with_many_links_is_pending_in_every_mode():
    post = published(comments_mode="none")

    assert say(post, body="a.example b.example").status == "approved"
    assert say(post, body="https://a.example https://b.example https://c.example").status == "pending"


@pytest.mark.parametrize("who", ["author", "moderator"])
def test_comments_of_authors_and_moderators_are_approved(who):
    author = writer()
    post = published(author, comments_mode="all")

    assert say(post, author if who == "author" else editor()).status == "approved"


def test_what_waits_is_seen_by_its_author_and_moderators_only():
    post, reader = published(comments_mode="all"), person()
    say(post, reader, body="Me?")

    assert reading(post, reader) == [("Me?", [])]
    assert reading(post, editor()) == [("Me?", [])]
    assert reading(post, person()) == []
    assert reading(post) == []
    post.refresh_from_db()
    assert post.comment_count == 0


@pytest.mark.parametrize(
    ("fields", "code"), [({"body": " \n"}, "comment_empty"), ({"body": "x" * 5001}, "comment_too_long")]
)
def test_nothing_and_too_much_are_refused(fields, code):
    post = published()

    with pytest.raises(Invalid) as refused:
        say(post, **fields)

    assert (refused.value.code, refused.value.field) == (code, "body")
    assert not Comment.objects.exists()
    assert no_event("comment.added")


@pytest.mark.parametrize(
    ("fields", "by", "refusal"),
    [
        ({"comments_closed": True}, person, commenting.CommentsClosed),
        ({"visibility": "entitled", "entitlement_kind": "product", "entitlement_subject": "mug"}, person, NotFound),
        ({}, Actor.guest, Denied),
    ],
)
def test_who_may_not_comment_does_not(fields, by, refusal):
    post = published(**fields)

    with pytest.raises(refusal):
        say(post, by())

    assert not Comment.objects.exists()


def test_a_draft_has_no_comments():
    post = draft()

    with pytest.raises(NotFound):
        say(post, editor())


def test_a_comment_sent_twice_is_one_comment():
    post, reader, uid = published(), person(), uuid4()

    first = say(post, reader, uid=uid)
    again = say(post, reader, uid=uid)

    assert again.pk == first.pk
    assert Comment.objects.count() == len(events_named("comment.added")) == 1
    with pytest.raises(commenting.UidReused):
        say(post, person(), uid=uid)


@pytest.mark.django_db(transaction=True)
def test_a_comment_sent_eight_times_at_once_is_one_comment_and_counted_once():
    post, reader, uid = published(comments_mode="none"), person(), uuid4()

    results = race(*[lambda: say(post, reader, uid=uid)] * 8)

    assert Comment.objects.count() == 1
    assert {type(refused) for refused in failures(results)} <= {commenting.UidReused}
    post.refresh_from_db()
    assert post.comment_count == len(events_named("comment.added")) == 1


@pytest.mark.django_db(transaction=True)
def test_comments_of_many_at_once_are_all_counted():
    post = published(comments_mode="none")
    readers = [person() for _ in range(8)]

    results = race(*[lambda reader=reader: say(post, reader) for reader in readers])

    assert failures(results) == []
    post.refresh_from_db()
    assert post.comment_count == Comment.objects.count() == 8


def test_threads_are_read_in_order_however_they_were_written():
    post = published()
    first, second = comment(post, body="1"), comment(post, body="2")
    comment(post, parent=second, body="2.1")
    reply = comment(post, parent=first, body="1.1")
    comment(post, parent=first, body="1.2")
    comment(post, parent=reply, body="1.1.1")

    assert reading(post) == [("1", [("1.1", [("1.1.1", [])]), ("1.2", [])]), ("2", [("2.1", [])])]


def test_a_reply_goes_to_a_comment_of_the_same_post_that_is_shown():
    post = published()
    elsewhere = comment(published())
    waiting = say(published(), person())

    for parent in (elsewhere.uid, waiting.uid, uuid4()):
        with pytest.raises(commenting.ParentNotFound):
            say(post, parent=parent)

    assert not Comment.objects.filter(post=post).exists()


def test_a_thread_gets_only_so_deep_and_replies_go_on_at_its_end():
    post, above = published(), None
    reader = person()
    for _ in range(MAX_DEPTH + 2):
        above = comment(post, reader, parent=above)

    assert max(len(path) for path in Comment.objects.values_list("path", flat=True)) == MAX_DEPTH


def test_what_is_nested_deeper_than_shown_says_whom_it_answers():
    post, reader, above = published(), person("Rita"), None
    for depth in range(7):
        above = comment(post, reader, parent=above, body=str(depth))

    deepest = comment_queries.get_thread(post, Grant.anonymous()).nodes[0].replies[0].replies[0].replies[0].replies
    assert [(each.comment.body_source, each.reply_to) for each in deepest] == [("4", ""), ("5", "Rita"), ("6", "Rita")]


def test_long_threads_are_paged_by_key_and_a_comment_can_be_gone_to():
    post, reader = published(), person("Rita")
    said = [comment(post, reader, body=str(number)) for number in range(5)]
    reply = comment(post, reader, parent=said[1], body="1.1")

    first = comment_queries.get_thread(post, Grant.anonymous(), size=2)
    assert [node.comment.body_source for node in first.nodes] == ["0", "1"]
    second = comment_queries.get_thread(post, Grant.anonymous(), after=said[1].uid, size=2)
    assert [(node.comment.body_source, node.reply_to) for node in second.nodes] == [("1.1", "Rita"), ("2", "")]
    last = comment_queries.get_thread(post, Grant.anonymous(), after=said[2].uid, size=2)
    assert ([node.comment.body_source for node in last.nodes], last.next) == (["3", "4"], "")
    assert reading(post, at=reply.uid)[0] == ("1", [("1.1", [])])


def test_a_removed_comment_keeps_its_place_only_while_there_are_replies():
    post = published()
    alone, above = comment(post, body="alone"), comment(post, body="above")
    comment(post, parent=above, body="below")

    for gone in (alone, above):
        assert commenting.delete_comment(comment_id=gone.pk, by=SYSTEM, now=NOON)

    assert reading(post) == [("", [("below", [])])]
    above.refresh_from_db()
    assert (above.status, above.body_source, above.body_html) == ("deleted", "", "")
    post.refresh_from_db()
    assert post.comment_count == 1


def test_users_can_delete_only_their_own_comments():
    post, reader = published(), person()
    mine, other = comment(post, reader), comment(post)
    before = snapshot("blog.Comment", "blog.Post")

    with pytest.raises(Denied):
        commenting.delete_comment(comment_id=other.pk, by=Actor.person(reader))

    assert snapshot("blog.Comment", "blog.Post") == before
    assert commenting.delete_comment(comment_id=mine.pk, by=Actor.person(reader), now=NOON)
    assert not commenting.delete_comment(comment_id=mine.pk, by=Actor.person(reader), now=NOON)
    assert [event.subject_id for event in events_named("comment.deleted")] == [str(mine.uid)]


MODERATION = {
    "approve": commenting.approve_comment,
    "mark_as_spam": commenting.mark_comment_as_spam,
    "delete": commenting.delete_comment,
}


@pytest.mark.parametrize(
    ("steps", "status", "count"),
    [
        (["approve"], "approved", 1),
        (["approve", "approve"], "approved", 1),
        (["mark_as_spam"], "spam", 0),
        (["approve", "mark_as_spam"], "spam", 0),
        (["mark_as_spam", "approve"], "approved", 1),
        (["approve", "delete", "approve"], "deleted", 0),
        (["mark_as_spam", "delete", "mark_as_spam"], "deleted", 0),
    ],
)
def test_a_moderator_decides_and_the_count_follows(steps, status, count):
    post = published(comments_mode="all")
    said, by = say(post), Actor.person(editor())

    for step in steps:
        MODERATION[step](comment_id=said.pk, by=by, now=NOON + timedelta(hours=1))

    said.refresh_from_db()
    post.refresh_from_db()
    assert (said.status, post.comment_count) == (status, count)
    assert len(events_named("comment.approved")) == ("approve" in steps)


@pytest.mark.parametrize("verb", ["approve_comment", "mark_comment_as_spam", "delete_comment"])
@pytest.mark.parametrize("who", ["guest", "reader", "writer"])
def test_only_moderators_moderate(verb, who):
    said = say(published(comments_mode="all"))
    by = {"guest": Actor.guest(), "reader": Actor.person(person()), "writer": Actor.person(writer())}[who]
    before = snapshot("blog.Comment", "blog.Post", "core.Event")

    with pytest.raises(Denied):
        getattr(commenting, verb)(comment_id=said.pk, by=by)

    assert snapshot("blog.Comment", "blog.Post", "core.Event") == before


@pytest.mark.django_db(transaction=True)
def test_a_comment_approved_by_eight_at_once_is_counted_once():
    post = published(comments_mode="all")
    said = say(post)

    results = race(*[lambda: commenting.approve_comment(comment_id=said.pk, by=SYSTEM)] * 8)

    assert sorted(results) == [False] * 7 + [True]
    post.refresh_from_db()
    assert post.comment_count == len(events_named("comment.approved")) == 1


@pytest.mark.parametrize(
    "change",
    [
        "path = ARRAY[1, 2]::bigint[]",
        "path = path || 7::bigint",
        "path = '{}'",
        "body_source = ''",
        "status = 'hidden'",
        "status = 'deleted'",
    ],
)
def test_the_database_refuses_comments_that_cannot_be(change):
    said = comment(published())

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE blog_comment SET {change} WHERE id = %s", [said.pk])


def test_the_database_refuses_a_reply_in_another_post():
    above, elsewhere = comment(published()), published()
    reply = comment(above.post, parent=above)

    @transaction.atomic
    def move() -> None:
        Comment.objects.filter(pk=reply.pk).update(post=elsewhere)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="comment_parent_in_post"):
        move()


def test_a_post_goes_with_its_threads():
    post = published()
    comment(post, parent=comment(post))

    post.delete()

    assert not Comment.objects.exists()
    assert not Post.objects.exists()


@pytest.mark.parametrize("body", ["\u200b", " \u2060\n", "\u202e\u200f", "\u3164", "\u000b"])
def test_a_comment_that_shows_nothing_is_refused(body):
    post = published()

    with pytest.raises(commenting.EmptyComment) as refused:
        say(post, person(), body=body)

    assert refused.value.field == "body"
    assert not Comment.objects.exists()


def test_a_comment_keeps_no_characters_that_feeds_cannot_hold():
    assert say(published(), person(), body="A\u000bB\ufffe").body_source == "AB"
