"""Reports: who may, how often, what they lead to, and that nobody is told who did."""

import pytest
from django.db import transaction
from django.test import Client

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.bans.services import Banned
from accounts.moderation.models import Case, Report
from accounts.moderation.services import cases, reports
from accounts.moderation.services.reports import CannotReportOwnContent
from accounts.tests.factories import UserFactory
from core.context import Actor, Grant
from core.errors import NotFound
from core.testing import events_named, failures, no_event, race, snapshot

pytestmark = pytest.mark.django_db

HERE = {"headers": {"origin": "http://testserver"}}
NOBODY = Grant.anonymous()
SYSTEM = Actor.system("test")


@pytest.fixture
def author(db):
    return UserFactory(name="Ben")


@pytest.fixture
def note(wall, author):
    return wall.put("one", author)


def tell(viewer=None, about="one", **more):
    viewer = Grant.session(viewer or UserFactory())
    return reports.report_visible(kind="note", subject_id=about, reason="spam", viewer=viewer, **more)


def test_a_report_stands_in_the_queue_with_its_words(note, author):
    reporter = UserFactory()

    tell(reporter, words=" It sells watches. ")

    kept, case = Report.objects.get(), Case.objects.get()
    assert (kept.reporter, kept.reason, kept.words, kept.mark) == (reporter, "spam", "It sells watches.", "")
    assert (case.kind, case.subject_id, case.author, case.reports, case.reasons) == (
        "note",
        "one",
        author,
        1,
        ["reported"],
    )
    [event] = events_named("report.filed")
    assert event.data == {"kind": "note", "about": "one", "reason": "spam"}


def test_again_by_the_same_is_one_report_and_by_others_one_case(note):
    reporter = UserFactory()
    for viewer in (reporter, reporter, UserFactory()):
        tell(viewer)

    assert (Report.objects.count(), Case.objects.get().reports) == (2, 2)


def test_after_a_decision_it_may_be_reported_anew(note, moderator):
    reporter = UserFactory()
    tell(reporter)
    case = Case.objects.get()
    cases.decide(case_uid=case.uid, version=case.version, act="approve", by=Actor.person(moderator))

    tell(reporter)

    assert list(Report.objects.order_by("pk").values_list("state", flat=True)) == ["dismissed", "open"]
    assert Case.objects.open().count() == 1


def test_nobody_reports_what_they_wrote(note, author):
    before = snapshot("accounts.Report", "accounts.Case", "core.Event")

    with pytest.raises(CannotReportOwnContent):
        tell(author)

    assert snapshot("accounts.Report", "accounts.Case", "core.Event") == before


@pytest.mark.parametrize(("kind", "about"), [("note", "none"), ("nothing", "one"), ("note", "secret")])
def test_what_one_may_not_see_cannot_be_reported(wall, note, author, kind, about):
    wall.put("secret", author)

    with pytest.raises(NotFound):
        reports.report_visible(kind=kind, subject_id=about, reason="spam", viewer=NOBODY, network="203.0.113.7")

    assert not Report.objects.exists()


def test_who_is_banned_from_reporting_does_not(note):
    reporter = UserFactory()
    bans.ban(user=reporter, scope=Ban.Scope.REPORT, reason="abuse", by=SYSTEM)

    with pytest.raises(Banned):
        tell(reporter)

    assert no_event("report.filed")


def test_three_people_hide_it_until_somebody_looked(wall, note):
    for _ in range(2):
        tell()
    after_two = wall.states["one"]
    tell()
    after_three = wall.states["one"]

    assert (after_two, after_three) == ("shown", "waits")
    assert [event.data for event in events_named("content.auto_hidden")] == [{"reports": 3}]


def test_strangers_hide_nothing_however_many(wall, note):
    for n in range(5):
        reports.report_visible(kind="note", subject_id="one", reason="spam", viewer=NOBODY, network=f"203.0.113.{n}")

    assert wall.states["one"] == "shown"
    assert Case.objects.get().reports == 5


@pytest.mark.django_db(transaction=True)
def test_reports_at_once_are_each_counted_and_hide_it_once(wall):
    wall.put("one", UserFactory())
    people = UserFactory.create_batch(6)

    def work(person):
        return lambda: tell(person)

    assert failures(race(*map(work, people))) == []
    assert (Report.objects.count(), Case.objects.get().reports) == (6, 6)
    assert len(events_named("content.auto_hidden")) == 1


def test_a_stranger_reports_on_a_page_without_token_or_script(note):
    browser = Client(enforce_csrf_checks=True)

    asked = browser.get("/reports/note/one/")
    sent = browser.post("/reports/note/one/", {"reason": "abuse", "words": "Rude."}, **HERE)

    assert asked.status_code == 200
    assert (sent.status_code, sent["Location"]) == (303, "/wall/one/")
    kept = Report.objects.get()
    assert (kept.reporter, kept.reason, len(kept.mark)) == (None, "abuse", 64)


def test_from_another_site_nobody_reports(note):
    page = Client().post("/reports/note/one/", {"reason": "abuse"}, headers={"origin": "https://x.test"})

    assert page.status_code == 403
    assert not Report.objects.exists()


def test_a_network_reports_so_often_an_hour(wall, author):
    for n in range(6):
        wall.put(str(n), author)
    browser = Client()

    answers = [browser.post(f"/reports/note/{n}/", {"reason": "spam"}, **HERE).status_code for n in range(6)]

    assert answers == [303] * 5 + [422]
    assert Report.objects.count() == 5


def test_a_program_that_fills_every_field_hears_thanks_and_nothing_is_kept(note):
    page = Client().post("/reports/note/one/", {"reason": "spam", "website": "https://x.test"}, **HERE)

    assert page.status_code == 303
    assert not Report.objects.exists()


def test_the_page_of_nothing_is_not_found(wall):
    assert Client().get("/reports/note/none/").status_code == 404
    assert Client().get("/reports/nothing/one/").status_code == 404


def test_without_a_reason_the_form_comes_back(note):
    assert Client().post("/reports/note/one/", {"words": "Hm."}, **HERE).status_code == 422
    assert not Report.objects.exists()


def test_control_two_open_reports_of_one_person_are_refused_by_the_database(note):
    from django.db import IntegrityError

    kept = tell()
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(kind="note", subject_id="one", reporter=kept.reporter, reason="spam")
