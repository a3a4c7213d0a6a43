"""The queue: deciding one or many, two at once, taking back, what the page shows and costs."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.moderation import queue
from accounts.moderation.models import Case, Report
from accounts.moderation.panels import waiting
from accounts.moderation.services import cases, reports
from accounts.moderation.services.cases import AlreadyDecided, UndoWindowPassed
from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core.context import Actor, Grant
from core.errors import Denied, NotFound
from core.ids import uuid7
from core.testing import events_named, failures, no_event, race, snapshot

pytestmark = pytest.mark.django_db

QUEUE, DECIDE = "/staff/queue/", "/staff/queue/decisions/"
SYSTEM = Actor.system("test")


@pytest.fixture
def author(db):
    return UserFactory(name="Ben")


@pytest.fixture
def case_of(wall, author):
    def make(note="one", state="waits", **more):
        wall.put(note, author, state)
        return cases.open_case(kind="note", subject_id=note, author=author, by=SYSTEM, **more)

    return make


@pytest.fixture
def by(moderator):
    return Actor.person(moderator)


def decide(case, act="approve", **more):
    return cases.decide(case_uid=case.uid, version=case.version, act=act, **more)


def test_letting_it_stand_and_taking_it_out(wall, case_of, by):
    good, bad = case_of("good", score=45, reasons=["links"]), case_of("bad")

    decide(good, by=by)
    decide(bad, "refuse", by=by, words="An advertisement.")

    assert wall.states == {"good": "shown", "bad": "gone"}
    bad.refresh_from_db()
    assert (bad.state, bad.act, bad.words, bad.before, bad.decided_by, bad.version) == (
        "decided", "refuse", "An advertisement.", "waits", by.user, 2,
    )  # fmt: skip
    told = [(event.data["about"], event.data["act"], event.actor_id) for event in events_named("case.decided")]
    assert told == [("good", "approve", by.id), ("bad", "refuse", by.id)]
    assert "advertisement" not in str([event.data for event in events_named("case.decided")])


def test_a_decision_answers_the_reports(wall, case_of, by):
    case = case_of(state="shown")
    reports.report_visible(kind="note", subject_id="one", reason="spam", viewer=Grant.session(UserFactory()))
    case.refresh_from_db()

    decide(case, "refuse", by=by)

    assert Report.objects.get().state == "upheld"


def test_who_saw_an_older_version_is_told_who_was_faster(case_of, by):
    case = case_of()
    decide(case, by=by)
    before = snapshot("accounts.Case", "core.Event")

    with pytest.raises(AlreadyDecided) as refused:
        decide(case, "refuse", by=by)

    assert refused.value.detail == "This has already been decided: Mona Moderator, approve."
    assert refused.value.status == 409
    assert snapshot("accounts.Case", "core.Event") == before


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_decide_at_once_one_does(wall, by):
    author = UserFactory()
    wall.put("one", author, "waits")
    case = cases.open_case(kind="note", subject_id="one", author=author, by=SYSTEM)

    results = race(*[lambda: decide(case, by=by), lambda: decide(case, "refuse", by=by)] * 4)

    refused = failures(results)
    assert len(refused) == 7
    assert {type(one) for one in refused} == {AlreadyDecided}
    assert len(events_named("case.decided")) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_several_do(wall, by, monkeypatch):
    """So the test above would notice a missing lock."""
    from threading import Barrier

    author = UserFactory()
    wall.put("one", author, "waits")
    case = cases.open_case(kind="note", subject_id="one", author=author, by=SYSTEM)
    meet, take = Barrier(2, timeout=30), cases._lock_case

    def unlocked(uid, by):
        found = Case.objects.get(uid=uid)
        source = take.__globals__["moderation"].get_source(found.kind)
        meet.wait()
        return found, source

    monkeypatch.setattr(cases, "_lock_case", unlocked)

    assert failures(race(*[lambda: decide(case, by=by)] * 2)) == []
    assert len(events_named("case.decided")) == 2


def test_it_takes_both_permissions(case_of, with_rights, wall):
    case = case_of()
    before = snapshot("accounts.Case", "core.Event")

    for rights in ((), ("accounts.moderate",), ("core.view_textpage",)):
        with pytest.raises(Denied):
            decide(case, by=Actor.person(with_rights(*rights)))

    assert snapshot("accounts.Case", "core.Event") == before
    assert wall.states == {"one": "waits"}
    with pytest.raises(NotFound):
        cases.decide(case_uid=uuid7(), version=1, act="approve", by=SYSTEM)


def test_a_decision_is_taken_back_with_all_that_it_did(wall, case_of, by):
    case = case_of(state="waits")
    reports.report_visible(kind="note", subject_id="one", reason="spam", viewer=Grant.session(UserFactory()))
    case.refresh_from_db()
    decided = decide(case, "refuse", by=by)

    reopened = cases.undo_decision(case_uid=case.uid, version=decided.version, by=by)

    assert wall.states == {"one": "waits"}
    assert (reopened.state, reopened.act, reopened.decided_by, reopened.version) == ("open", "", None, 3)
    assert Report.objects.get().state == "open"
    assert [event.actor_id for event in events_named("case.reopened")] == [by.id]
    decide(reopened, by=by)


def test_only_ones_own_only_for_two_minutes_and_only_once(case_of, by, with_rights):
    now = timezone.now()
    case = case_of()
    decided = decide(case, by=by, now=now)
    other = Actor.person(with_rights("accounts.moderate", "core.view_textpage"))
    again = {"case_uid": case.uid, "version": decided.version}

    for wrong in (
        {**again, "by": other, "now": now},
        {**again, "by": by, "now": now + timedelta(minutes=2, seconds=1)},
        {**again, "by": by, "now": now, "version": 1},
    ):
        with pytest.raises(UndoWindowPassed):
            cases.undo_decision(**wrong)
    cases.undo_decision(**again, by=by, now=now + timedelta(minutes=2))
    with pytest.raises(UndoWindowPassed):
        cases.undo_decision(**again, by=by, now=now)


def test_what_was_reported_anew_is_not_taken_back_over_it(case_of, by):
    case = case_of(state="shown")
    decided = decide(case, by=by)
    reports.report_visible(kind="note", subject_id="one", reason="spam", viewer=Grant.session(UserFactory()))

    with pytest.raises(UndoWindowPassed):
        cases.undo_decision(case_uid=case.uid, version=decided.version, by=by)

    assert no_event("case.reopened")


def test_where_it_was_decided_elsewhere_its_case_is_closed(case_of, by):
    case_of()

    cases.close_case(kind="note", subject_id="one", act="refuse", by=by)
    cases.close_case(kind="note", subject_id="none", act="refuse", by=by)

    assert Case.objects.get().state == "decided"
    assert len(events_named("case.decided")) == 1


def test_one_thing_has_one_open_case(case_of):
    assert case_of() == case_of()
    assert len(events_named("case.opened")) == 1


# --- the page -------------------------------------------------------------------------------------------------------
def pairs(*found):
    return [f"{case.uid}:{case.version}" for case in found]


def test_the_page_shows_what_waits_and_why(client, case_of, moderator):
    case_of(score=45, reasons=["links", "new_account"])
    client.force_login(moderator)

    page = client.get(QUEUE).content.decode()

    for words in ("Note one", "Buy clay!", "Ben", "Looks like spam: 45 of 100", "many links", "/wall/one/"):
        assert words in page
    assert "new_account" not in page


def test_the_staff_area_says_why_in_words_and_programs_get_the_codes(client, case_of, moderator, staff):
    case = case_of(reasons=["reported", "too_fast", "long_gone"])
    client.force_login(staff)

    page = client.get(reverse("admin:accounts_case_change", args=[case.pk])).content.decode()

    assert "reported, sent too fast, long_gone" in page
    client.force_login(moderator)
    (told,) = client.get("/api/v1/moderation_cases/").json()["results"]
    assert told["reasons"] == ["reported", "too_fast", "long_gone"]


def test_many_are_decided_at_once_and_taken_back(client, wall, case_of, moderator):
    found = [case_of(str(n)) for n in range(3)]
    client.force_login(moderator)

    sent = client.post(DECIDE, {"act": "refuse", "case": pairs(*found[:2]), "words": "Ads."})
    states = dict(wall.states)
    page = client.get(QUEUE).content.decode()
    done = Case.objects.filter(state="decided")
    client.post(DECIDE, {"act": "undo", "case": pairs(*done)})

    assert (sent.status_code, sent["Location"]) == (303, QUEUE)
    assert states == {"0": "gone", "1": "gone", "2": "waits"}
    assert "You can undo 2 decisions" in page
    assert set(wall.states.values()) == {"waits"}
    assert Case.objects.open().count() == 3


def test_of_many_those_that_somebody_else_decided_are_told_and_the_others_done(client, wall, case_of, moderator, by):
    first, second = case_of("a"), case_of("b")
    seen = pairs(first, second)
    decide(first, by=by)
    client.force_login(moderator)

    page = client.post(DECIDE, {"act": "refuse", "case": seen})

    said = [str(message) for message in get_messages(page.wsgi_request)]
    assert said == ["This has already been decided: Mona Moderator, approve.", "1 case decided."]
    assert wall.states == {"a": "shown", "b": "gone"}


@pytest.mark.parametrize(
    "sent", [{"act": "approve", "case": ["x"]}, {"act": "explode", "case": []}, {"act": "approve", "case": ["1:2"]}]
)
def test_nonsense_is_refused(client, moderator, wall, sent):
    client.force_login(moderator)

    assert client.post(DECIDE, sent).status_code == 400


def test_with_nothing_ticked_nothing_is_done(client, case_of, moderator):
    case_of()
    client.force_login(moderator)

    assert client.post(DECIDE, {"act": "approve"}).status_code == 303
    assert Case.objects.open().count() == 1


def test_who_may_not_sees_and_decides_nothing(client, case_of, wall, with_rights):
    case = case_of()
    before = snapshot("accounts.Case")
    client.force_login(with_rights("accounts.moderate"))

    assert client.get(QUEUE).status_code == 403
    assert client.post(DECIDE, {"act": "refuse", "case": pairs(case)}).status_code == 403
    client.logout()
    assert client.get(QUEUE).status_code == client.post(DECIDE).status_code == 302

    assert snapshot("accounts.Case") == before
    assert wall.states == {"one": "waits"}


def test_what_is_gone_is_still_taken_from_the_queue(client, wall, case_of, moderator):
    case = case_of()
    wall.states.clear()
    client.force_login(moderator)

    page = client.get(QUEUE).content.decode()
    client.post(DECIDE, {"act": "refuse", "case": pairs(case)})

    assert "This content no longer exists." in page
    assert Case.objects.get().state == "decided"


def test_a_kind_is_chosen_and_pages_follow_each_other(client, case_of, moderator, monkeypatch):
    for n in range(26):
        case_of(f"n{n:02}")
    Case.objects.create(kind="other", subject_id="x")
    client.force_login(moderator)

    first = client.get(f"{QUEUE}?kind=note")
    cursor = first.context["page"].next
    second = client.get(QUEUE, {"kind": "note", "cursor": cursor})

    assert [len(first.context["rows"]), len(second.context["rows"])] == [24, 2]
    assert [number for _source, number in first.context["kinds"]] == [26]


@pytest.mark.parametrize("many", [1, 24, 100])
def test_the_page_costs_the_same_for_one_and_many(client, wall, case_of, moderator, monkeypatch, many):
    monkeypatch.setattr("accounts.moderation.views.PAGE_SIZE", 100)
    people = User.objects.bulk_create(User(email=f"r{n}@example.com") for n in range(many))
    for n in range(many):
        case_of(f"n{n}")
    Report.objects.bulk_create(
        Report(kind="note", subject_id=f"n{n}", reporter=people[n], reason="spam") for n in range(many)
    )
    Case.objects.update(reports=1)
    client.force_login(moderator)
    client.get(QUEUE)
    wall.looked = 0

    with CaptureQueriesContext(connection) as asked:
        page = client.get(QUEUE)

    assert len(page.context["rows"]) == many
    # The session, the person with their permissions, the page with authors, reports with reporters, counts, what can be undone.
    assert (len(asked), wall.looked) == (7, 1)


def test_the_first_page_of_staff_counts_what_waits(case_of, moderator, django_assert_num_queries):
    case_of("a"), case_of("b")
    assert moderator.has_perm("accounts.moderate")  # known from here on

    with django_assert_num_queries(1):
        panel = waiting(None, Grant.session(moderator))

    assert [(str(label), number) for label, number, _url in panel.context["rows"]] == [("Notes", 2)]
    assert waiting(None, Grant.session(UserFactory())) is None


def test_what_can_be_taken_back_is_ones_own_and_fresh(case_of, by, moderator):
    now = timezone.now()
    decide(case_of("old"), by=by, now=now - timedelta(minutes=3))
    decide(case_of("others"), by=SYSTEM, now=now)
    mine = decide(case_of("mine"), by=by, now=now)

    assert queue.get_undoable(moderator, now) == [mine]
