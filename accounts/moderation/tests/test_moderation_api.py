"""The queue, reports and bans for programs: the same rules as on pages."""

import pytest
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.bans.models import Ban
from accounts.moderation.models import Case, Report
from accounts.moderation.services import cases
from accounts.tests.factories import UserFactory
from core.context import Actor
from core.ids import uuid7
from core.testing import no_event, snapshot

pytestmark = pytest.mark.django_db

CASES, REPORTS, BANS = "/api/v1/moderation_cases/", "/api/v1/reports/", "/api/v1/bans/"
SYSTEM = Actor.system("test")


@pytest.fixture
def program_of():
    def make(user):
        key = api_keys.add_key(user_id=user.pk, name="Bot", scopes=["moderation:manage"], by=Actor.person(user))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.token}")
        return client

    return make


@pytest.fixture
def case(wall):
    wall.put("one", UserFactory(name="Ben"), "waits")
    return cases.open_case(
        kind="note", subject_id="one", author=wall.authors["one"], by=SYSTEM, score=45, reasons=["links"]
    )


def test_staff_read_decide_and_take_back(program_of, moderator, wall, case):
    program = program_of(moderator)

    [listed] = program.get(f"{CASES}?state=open&about_kind=note").json()["results"]
    decided = program.post(f"{CASES}{listed['uid']}/decisions/", {"act": "refuse", "version": 1, "words": "Ads."})
    taken_out = dict(wall.states)
    again = program.post(f"{CASES}{listed['uid']}/decisions/", {"act": "approve", "version": 1})
    reopened = program.post(f"{CASES}{listed['uid']}/reopenings/", {"version": decided.json()["version"]})

    assert (listed["about"], listed["score"], listed["reasons"], listed["author"]) == (
        {"kind": "note", "id": "one"}, 45, ["links"], wall.authors["one"].public_id,
    )  # fmt: skip
    assert (decided.status_code, decided.json()["act"], decided.json()["decided_by"]) == (
        201,
        "refuse",
        moderator.public_id,
    )
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")
    assert (reopened.status_code, reopened.json()["state"]) == (201, "open")
    assert (taken_out, wall.states) == ({"one": "gone"}, {"one": "waits"})


def test_who_may_not_decide_sees_no_case(program_of, with_rights, case, wall):
    program = program_of(with_rights("accounts.moderate"))
    before = snapshot("accounts.Case")

    answers = [
        program.get(CASES).status_code,
        program.get(f"{CASES}{case.uid}/").status_code,
        program.post(f"{CASES}{case.uid}/decisions/", {"act": "refuse", "version": 1}).status_code,
        program.post(f"{CASES}{case.uid}/reopenings/", {"version": 1}).status_code,
    ]

    assert answers == [403, 403, 403, 403]
    assert snapshot("accounts.Case") == before


def test_anybody_reports_what_they_see(wall, case):
    stranger = APIClient()

    kept = stranger.post(REPORTS, {"about": {"kind": "note", "id": "one"}, "reason": "abuse", "words": "Rude."})
    nothing = stranger.post(REPORTS, {"about": {"kind": "note", "id": "none"}, "reason": "abuse"})

    assert (kept.status_code, kept.json()) == (202, {"state": "kept"})
    assert nothing.status_code == 404
    assert Report.objects.get().words == "Rude."


def test_a_network_reports_so_often_an_hour(wall):
    for n in range(6):
        wall.put(str(n), UserFactory())
    stranger = APIClient()

    answers = [
        stranger.post(REPORTS, {"about": {"kind": "note", "id": str(n)}, "reason": "spam"}).status_code
        for n in range(6)
    ]

    assert answers == [202] * 5 + [429]


def test_staff_ban_and_end_bans(program_of, with_rights):
    moderator, user = with_rights("accounts.ban_user"), UserFactory()
    program = program_of(moderator)

    made = program.post(
        BANS, {"user": user.public_id, "scope": "comment", "reason": "spam", "until": "2099-01-01T00:00:00Z"}
    )
    listed = program.get(BANS).json()["results"]
    ended = program.delete(f"{BANS}{made.json()['uid']}/")

    assert (made.status_code, made.json()["user"], made.json()["until"]) == (
        201,
        user.public_id,
        "2099-01-01T00:00:00Z",
    )
    assert [one["uid"] for one in listed] == [made.json()["uid"]]
    assert ended.status_code == 204
    assert Ban.objects.get().ended_by == moderator


def test_who_may_not_ban_does_not_and_sees_none(program_of, moderator):
    program, user = program_of(moderator), UserFactory()
    for given in ({"user": user.public_id}, {"network": "203.0.113.7"}, {"user": str(uuid7())}):
        assert program.post(BANS, {"scope": "all", "reason": "spam", **given}).status_code == 403

    assert program.get(BANS).status_code == 403
    assert no_event("user.banned")


def test_bans_that_make_no_sense_are_refused(program_of, with_rights):
    program = program_of(with_rights("accounts.ban_user"))

    codes = [
        program.post(BANS, {"scope": "all", "reason": "spam", **given}).status_code
        for given in (
            {},
            {"network": "10.0.0.0/8"},
            {"user": str(uuid7())},
            {"email": "x@example.com", "network": "203.0.113.7"},
        )
    ]

    assert codes == [422, 422, 404, 422]
    assert not Ban.objects.exists()


@pytest.mark.parametrize("many", [1, 24, 100])
def test_the_list_costs_the_same_for_one_and_many(program_of, moderator, wall, django_assert_num_queries, many):
    author = UserFactory()
    Case.objects.bulk_create(Case(kind="note", subject_id=str(n), author=author) for n in range(many))
    program = program_of(moderator)
    program.get(CASES)

    with django_assert_num_queries(2):  # the key with its person, the page
        answer = program.get(f"{CASES}?page_size=100")

    assert len(answer.json()["results"]) == many
