"""Comments in the queue: what is held and why, decided there or elsewhere, reported, and who is banned."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.bans import services as bans
from accounts.bans.services import Banned
from accounts.moderation.models import Case, SpamWord
from accounts.moderation.services import cases, reports
from accounts.moderation.services.spam import LooksLikeSpam
from accounts.moderation.spam import SubmissionContext
from accounts.tests.factories import EntitlementFactory
from blog.comments import services as commenting
from blog.comments.models import Comment
from blog.posts.models import Post
from blog.tests.factories import SYSTEM, comment, editor, person, published
from core.context import Actor, Grant
from core.ids import uuid7
from core.testing import events_named, snapshot

pytestmark = pytest.mark.django_db

Status = Comment.Status
LINKS = "Look: https://a.example https://b.example https://c.example"


@pytest.fixture
def post():
    return published(comments_mode=Post.Moderation.NONE)


@pytest.fixture
def moderator():
    user = person("Mona Moderator", "accounts.moderate", "blog.moderate_comment")
    return Actor.person(user)


def say(post, by=None, **fields):
    given = {"body": "Lovely.", **fields}
    return commenting.add_comment(post_id=post.pk, by=Actor.person(by or person()), **given)


def decide(case, act, by):
    return cases.decide(case_uid=case.uid, version=case.version, act=act, by=by)


def test_what_looks_like_spam_waits_in_the_queue_with_the_reasons(post):
    said = say(post, body=LINKS)

    case = Case.objects.get()
    assert said.status == Status.PENDING
    assert (case.kind, case.subject_id, case.author, case.score) == ("comment", str(said.uid), said.author, 55)
    assert case.reasons == ["links", "new_account"]


def test_what_waits_by_the_mode_of_the_post_stands_there_too():
    said = say(published(comments_mode=Post.Moderation.FIRST))

    assert said.status == Status.PENDING
    assert Case.objects.get().reasons == ["waits", "new_account"]


def test_what_is_fine_does_not(post):
    assert say(post).status == Status.APPROVED
    assert not Case.objects.exists()


def test_certain_spam_is_rejected_and_not_saved(post):
    SpamWord.objects.create(text="casino", points=90)
    before = snapshot("blog.Comment", "core.Event")

    with pytest.raises(LooksLikeSpam):
        say(post, body="Best casino in town.")

    assert snapshot("blog.Comment", "core.Event") == before


def test_the_trap_and_haste_count_on_the_page(post):
    client, user = Client(), person()
    client.force_login(user)
    url = f"/journal/{post.slug}/comments/"

    trapped = client.post(url, {"body": "Lovely.", "uid": uuid7(), "website": "https://x.test"})
    hasty = client.post(url, {"body": "CLICK HERE FOR THE BEST PRICES ON EVERYTHING", "uid": uuid7()})

    assert trapped.status_code == 422
    assert "This looks like spam." in trapped.content.decode()
    assert hasty.status_code == 303
    assert Case.objects.get().reasons == ["too_fast", "new_account", "loud"]


@pytest.mark.parametrize("who", ["buyer", "regular", "moderator"])
def test_who_is_known_well_is_not_looked_at(post, who, moderator):
    by = person()
    if who == "buyer":
        EntitlementFactory(user=by)
    elif who == "regular":
        for n in range(commenting.TRUSTED_AFTER):
            comment(post, by, body=f"Number {n}.")
    else:
        by = moderator.user

    assert say(post, by, body=LINKS, how=SubmissionContext(trapped=True)).status == Status.APPROVED


def test_who_is_banned_says_nothing(post):
    user = person()
    bans.ban(user=user, scope="comment", reason="spam", until=timezone.now() + timedelta(days=1), by=SYSTEM)
    client = Client()
    client.force_login(user)

    with pytest.raises(Banned):
        say(post, user)
    page = client.post(f"/journal/{post.slug}/comments/", {"body": "Hello.", "uid": uuid7()})

    assert page.status_code == 422
    assert "You are banned from posting here until" in page.content.decode()
    assert not Comment.objects.exists()


def test_a_banned_network_says_nothing(post):
    bans.ban(network="203.0.113.0/24", scope="all", reason="spam", by=SYSTEM)

    with pytest.raises(Banned):
        say(post, how=SubmissionContext(network="203.0.113.9"))

    assert not Comment.objects.exists()


def test_approving_in_the_queue_shows_it_and_taking_it_back_holds_it_again(post, moderator):
    said = say(post, body=LINKS)
    decided = decide(Case.objects.get(), "approve", moderator)
    shown = Comment.objects.get().status
    post.refresh_from_db()
    count = post.comment_count

    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=moderator)

    post.refresh_from_db()
    assert (shown, count) == (Status.APPROVED, 1)
    assert (Comment.objects.get().status, post.comment_count) == (Status.PENDING, 0)
    assert [
        len(events_named(name)) for name in ("comment.approved", "comment.held", "case.decided", "case.reopened")
    ] == [1] * 4
    assert said.uid == Comment.objects.get().uid


def test_refusing_marks_spam_and_what_was_shown_is_shown_again(post, moderator):
    said = comment(post)
    reports.report_visible(kind="comment", subject_id=str(said.uid), reason="spam", viewer=Grant.session(person()))
    decided = decide(Case.objects.get(), "refuse", moderator)
    refused = Comment.objects.get().status

    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=moderator)

    assert (refused, Comment.objects.get().status) == (Status.SPAM, Status.APPROVED)


@pytest.mark.parametrize(
    ("verb", "act"),
    [("approve_comment", "approve"), ("mark_comment_as_spam", "refuse"), ("delete_comment", "refuse")],
)
def test_what_is_decided_elsewhere_leaves_the_queue(post, verb, act):
    said = say(post, body=LINKS)

    getattr(commenting, verb)(comment_id=said.pk, by=Actor.person(editor()))

    case = Case.objects.get()
    assert (case.state, case.act) == ("decided", act)
    assert len(events_named("case.decided")) == 1


def test_a_comment_that_was_deleted_is_taken_from_the_queue_and_nothing_comes_back(post, moderator):
    said = say(post, body=LINKS)
    case = Case.objects.get()
    Comment.objects.update(status=Status.DELETED, body_source="", body_html="")

    decided = decide(case, "refuse", moderator)

    with pytest.raises(cases.UndoWindowPassed):
        cases.undo_decision(case_uid=decided.uid, version=decided.version, by=moderator)
    assert said.status == Status.PENDING


def test_three_reports_hide_a_comment_until_somebody_looked(post, moderator):
    said = comment(post)
    for _ in range(3):
        reports.report_visible(kind="comment", subject_id=str(said.uid), reason="abuse", viewer=Grant.session(person()))
    hidden = Comment.objects.get().status

    decide(Case.objects.get(), "approve", moderator)

    assert (hidden, Comment.objects.get().status) == (Status.PENDING, Status.APPROVED)


def test_a_comment_is_reported_from_its_place_by_those_who_see_it(post):
    author = person()
    said, secret = comment(post, author), comment(published(visibility=Post.Visibility.MEMBERS))
    stranger, own = Client(), Client()
    own.force_login(author)

    page = stranger.get(f"/journal/{post.slug}/").content.decode()

    assert f"/reports/comment/{said.uid}/" in page
    assert f"/reports/comment/{said.uid}/" not in own.get(f"/journal/{post.slug}/").content.decode()
    assert stranger.get(f"/reports/comment/{said.uid}/").status_code == 200
    assert stranger.get(f"/reports/comment/{secret.uid}/").status_code == 404
    assert stranger.get("/reports/comment/nonsense/").status_code == 404


def test_the_queue_shows_comments_in_one_query(post, moderator, django_assert_num_queries):
    from blog.comments import moderation

    ids = [str(comment(post, body=f"Number {n}.").uid) for n in range(5)]

    with django_assert_num_queries(1):
        shown = moderation.show(ids)

    assert [shown[one].text for one in ids] == [f"Number {n}." for n in range(5)]


def test_comments_that_waited_before_there_was_a_queue_stand_in_it(post):
    from importlib import import_module

    from django.apps import apps

    said = say(post, body=LINKS)
    shown = say(post)
    Case.objects.all().delete()

    for _ in range(2):
        import_module("blog.migrations.0003_queue_of_staff").open_cases(apps, None)

    [case] = Case.objects.all()
    assert (case.subject_id, case.author, case.reasons) == (str(said.uid), said.author, ["waits"])
    assert shown.status == Status.APPROVED
