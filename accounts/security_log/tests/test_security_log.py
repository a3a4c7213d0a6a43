"""Who did what to accounts and from where: looked through, taken out, never changed, and forgotten in time."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.impersonation.tests.conftest import with_role
from accounts.security_log import queries, timeline
from accounts.security_log import tasks as security_log_tasks
from accounts.security_log.queries import LogFilters
from accounts.staff import services as roles
from accounts.tests.factories import PASSWORD, UserFactory
from core import context
from core.context import Actor, Grant
from core.events import services as events
from core.events.models import Event, EventOrigin
from core.scopes import SCOPES
from core.testing import JustSignedIn, events_named, no_event

pytestmark = pytest.mark.django_db

LOG = reverse("admin:core_eventorigin_changelist")
EXPORT = reverse("admin:core_eventorigin_export")
LOGIN = reverse("account_login")
API = "/api/v1/security_log/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def happened(name, subject, address=None, *, by=None, at=None, agent=""):
    with context.bind(address=address or "", agent=agent):
        return events.record(name, subject, by=by or Actor.person(subject), now=at)


def names(wanted):
    return [entry.event.name for entry in queries.get_entries(wanted)]


def test_a_sign_in_is_in_the_log_with_address_and_browser(clara):
    Client(REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT=FIREFOX).post(LOGIN, {"login": clara.email, "password": PASSWORD})

    origin = EventOrigin.objects.get(event__name="user.signed_in")

    assert (origin.address, origin.agent) == ("203.0.113.7", FIREFOX)
    assert origin.at == origin.event.at


def test_what_concerns_no_account_keeps_no_origin(clara):
    with context.bind(address="203.0.113.7"):
        events.record("order.placed", ("order", "A1"), by=Actor.person(clara))

    assert not EventOrigin.objects.exists()


def test_a_failed_attempt_on_nobody_keeps_a_digest_and_nothing_typed():
    for typed in ("nobody@example.com", "Nobody@example.com ", "other@example.com"):
        Client().post(LOGIN, {"login": typed, "password": "wrong"})

    failed = events_named("user.sign_in_failed")

    digests = [event.data["typed"] for event in failed]
    assert digests[0] == digests[1] != digests[2]
    assert all(len(digest) == 16 for digest in digests)
    assert "example" not in str([event.data for event in failed])


def test_who_has_to_wait_is_noted_once(clara):
    for _ in range(8):
        Client().post(LOGIN, {"login": clara.email, "password": "wrong"})

    assert len(events_named("user.login_throttled")) == 1
    assert events_named("user.login_throttled")[0].subject_id == clara.public_id
    assert len(events_named("user.sign_in_failed")) == 5


def test_staff_look_by_person_action_address_and_time(clara):
    other, now = UserFactory(), timezone.now()
    happened("user.signed_in", clara, "203.0.113.7", at=now - timedelta(days=3))
    happened("user.changed_password", clara, "203.0.113.200", at=now - timedelta(days=2))
    happened("user.signed_in", other, "2001:db8::1", at=now - timedelta(days=1))
    happened("user.opened", other, by=Actor.person(clara), at=now)

    assert names(LogFilters()) == ["user.opened", "user.signed_in", "user.changed_password", "user.signed_in"]
    assert names(LogFilters(person=clara.email.upper())) == ["user.opened", "user.changed_password", "user.signed_in"]
    assert names(LogFilters(person=other.public_id)) == ["user.opened", "user.signed_in"]
    assert names(LogFilters(action="user.signed_in", person=clara.public_id)) == ["user.signed_in"]
    assert names(LogFilters(address="203.0.113.7")) == ["user.signed_in"]
    assert names(LogFilters(address="203.0.113.0/24")) == ["user.changed_password", "user.signed_in"]
    assert names(LogFilters(address="2001:db8::/32")) == ["user.signed_in"]
    assert names(LogFilters(since=now - timedelta(days=2), until=now)) == ["user.signed_in", "user.changed_password"]
    assert names(LogFilters(person="nobody@example.com")) == []
    assert names(LogFilters(person="no id")) == []


def test_events_with_a_former_name_are_found_and_labelled(owner, clara):
    happened("user.limited", clara, "203.0.113.7")
    happened("user.login_throttled", clara, "203.0.113.7")

    assert names(LogFilters(action="user.login_throttled")) == ["user.login_throttled", "user.limited"]
    assert names(LogFilters(action="user.limited")) == ["user.login_throttled", "user.limited"]
    steps = timeline.build_steps(timeline.get_page(clara))
    assert {(step["label"], step["state"]) for step in steps} == {
        ("Too many sign-in attempts: further attempts were blocked for a while", "failed")
    }
    assert len(steps) == 2


def test_who_acted_in_a_name_is_found_by_what_they_did_there(acting, owner, clara):
    acting.post(reverse("accounts:profile"), {"name": "Clara C.", "bio": ""})

    assert "user.changed_profile" in names(LogFilters(person=owner.email))
    row = queries.get_entries(LogFilters(action="user.changed_profile")).get()
    assert queries.get_email_addresses([row]) == {clara.public_id: clara.email, owner.public_id: owner.email}


def test_the_page_of_staff_shows_and_narrows(desk, owner, clara):
    happened("user.sign_in_failed", clara, "198.51.100.9", by=Actor.guest(), agent=FIREFOX)

    all_of_it = desk.get(LOG).content.decode()
    narrowed = desk.get(LOG, {"address": "198.51.100.0/24"}).content.decode()
    nothing = desk.get(LOG, {"person": "nobody@example.com"}).content.decode()

    assert owner.email in all_of_it
    assert "198.51.100.9" in narrowed
    assert "Firefox on Linux" in narrowed
    assert clara.email in narrowed
    assert "user.signed_in" not in narrowed.partition("<tbody>")[2]
    assert "Nothing fits." in nothing


def test_a_wrong_address_is_told_at_its_field(desk):
    answer = desk.get(LOG, {"address": "here"})

    assert answer.status_code == 422
    assert "203.0.113.0/24" in answer.content.decode()


def test_the_page_is_paged_by_key_and_each_page_costs_the_same(desk, clara):
    for day in range(120):
        happened("user.signed_in", clara, at=timezone.now() - timedelta(days=day + 1))
    desk.get(LOG)

    with CaptureQueriesContext(connection) as first:
        page = desk.get(LOG)
    cursor = page.context["page"].next
    with CaptureQueriesContext(connection) as second:
        desk.get(LOG, {"cursor": cursor})

    assert len(page.context["rows"]) == 50
    assert len(first) == len(second) <= 5
    assert not any("COUNT(" in query["sql"] for query in first.captured_queries)


def test_who_may_not_read_it_sees_nothing_of_it():
    client = JustSignedIn()
    client.force_login(with_role("support-agent"))

    assert client.get(LOG).status_code == 403
    assert client.get(EXPORT).status_code == 403
    assert "Security log" not in client.get(reverse("admin:index")).content.decode()
    assert no_event("security_log.exported")


def test_it_is_taken_out_as_a_table_and_that_is_noted(desk, owner, clara):
    happened("user.sign_in_failed", clara, "198.51.100.9", by=Actor.guest(), agent="=HYPERLINK(1)")

    answer = desk.get(EXPORT, {"address": "198.51.100.9"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    assert [(row["action"], row["subject"], row["address"], row["agent"]) for row in rows] == [
        ("user.sign_in_failed", clara.email, "198.51.100.9", "'=HYPERLINK(1)")
    ]
    noted = events_named("security_log.exported")[0]
    assert (noted.actor_id, noted.data) == (owner.public_id, {"asked": ["address"]})


def test_whoever_signed_in_long_ago_is_asked_before_it_is_taken_out(client, owner):
    client.force_login(owner)

    answer = client.get(EXPORT)

    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer["Location"]
    assert no_event("security_log.exported")


@pytest.mark.parametrize("change", [{"address": "203.0.113.8"}, {"agent": "another"}, {"at": timezone.now()}])
def test_nothing_of_it_is_changed(clara, change):
    event = happened("user.signed_in", clara, "203.0.113.7", agent=FIREFOX, at=timezone.now() - timedelta(days=1))

    with pytest.raises(IntegrityError), transaction.atomic():
        EventOrigin.objects.filter(event=event).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        EventOrigin.objects.filter(event=event).delete()

    assert EventOrigin.objects.values("address", "agent").get() == {"address": "203.0.113.7", "agent": FIREFOX}


def test_addresses_and_browsers_are_forgotten_in_time_and_the_log_stays(settings, clara):
    settings.ORIGIN_DAYS = 30
    now = timezone.now()
    happened("user.signed_in", clara, "203.0.113.7", agent=FIREFOX, at=now - timedelta(days=31))
    happened("user.signed_in", clara, "203.0.113.8", agent=FIREFOX, at=now - timedelta(days=29))

    security_log_tasks.forget_origins()

    kept = [(origin.address, origin.agent) for origin in queries.get_entries(LogFilters())]
    assert kept == [("203.0.113.8", FIREFOX), (None, "")]
    assert Event.objects.filter(name="user.signed_in").count() == 2


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (LogFilters(), "origin_at"),
        (LogFilters(address="10.0.3.0/24"), "origin_address"),
        (LogFilters(person="019a9f2e-7b6c-7d8e-9fa0-000000000007"), "event_subject"),
    ],
)
def test_the_log_is_read_through_an_index(wanted, index):
    now = timezone.now()
    made = Event.objects.bulk_create(
        Event(
            at=now - timedelta(minutes=n),
            name="user.signed_in",
            subject_kind="user",
            subject_id=f"019a9f2e-7b6c-7d8e-9fa0-{n % 3000:012}",
            actor_kind="user",
            actor_id=f"019a9f2e-7b6c-7d8e-9fa0-{n % 3000:012}",
        )
        for n in range(6000)
    )
    EventOrigin.objects.bulk_create(
        EventOrigin(event=event, at=event.at, address=f"10.0.{n % 250}.{n % 200}") for n, event in enumerate(made)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_event, core_eventorigin")

    plan = queries.get_entries(wanted)[:51].explain()

    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize(("scope", "status"), [(SCOPES, 200), (SCOPES - {"security:read"}, 403)])
def test_programs_of_staff_read_it_with_the_scope(api, owner, scope, status):
    happened("user.signed_in", owner, "203.0.113.7", agent=FIREFOX)
    api.force_authenticate(owner, token=Grant("key", Actor.person(owner), frozenset(scope)))

    answer = api.get(API, {"action": "user.signed_in"})

    assert answer.status_code == status
    if status == 200:
        (entry,) = answer.json()["results"]
        assert (entry["action"], entry["subject"]["id"], entry["address"], entry["agent"]) == (
            "user.signed_in",
            owner.public_id,
            "203.0.113.7",
            FIREFOX,
        )


def test_the_role_counts_too(api, clara):
    api.force_authenticate(clara, token=Grant("key", Actor.person(clara), SCOPES))

    assert api.get(API).status_code == 403


def test_programs_narrow_it_and_take_it_as_a_table(api, owner, clara):
    happened("user.signed_in", owner, "203.0.113.7")
    happened("user.signed_in", clara, "198.51.100.9")
    api.force_authenticate(owner, token=Grant("key", Actor.person(owner), SCOPES))

    def found(**asked):
        return [entry["address"] for entry in api.get(API, asked).json()["results"] if entry["address"]]

    assert found(address="198.51.100.0/24") == ["198.51.100.9"]
    assert found(person=clara.email) == ["198.51.100.9"]
    assert found(since=(timezone.now() + timedelta(hours=1)).isoformat()) == []
    assert api.get(API, {"address": "here"}).json()["code"] == "bad_network"
    assert api.get(API, {"action": "no.such"}).status_code == 400
    table = api.get(API, {"format": "csv", "address": "203.0.113.7"}, headers={"Accept": "text/csv"})
    assert "203.0.113.7" in table.content.decode()


@pytest.mark.parametrize("asked", [{"QUERY_STRING": "format=csv"}, {"HTTP_ACCEPT": "text/csv"}])
def test_by_the_api_too_a_session_of_long_ago_is_asked_before_it_is_taken_out(client, owner, asked):
    client.force_login(owner)

    refused, read = client.get(API, **asked), client.get(API)

    assert (refused.status_code, refused.json()["code"]) == (403, "reauthentication_required")
    assert no_event("security_log.exported")
    assert read.status_code == 200


def test_by_the_api_too_it_is_noted_who_took_it_out(owner, clara):
    happened("user.sign_in_failed", clara, "198.51.100.9", by=Actor.guest(), agent="=HYPERLINK(1)")
    browser = JustSignedIn()
    browser.force_login(owner)

    answer = browser.get(API, {"format": "csv", "address": "198.51.100.9"})

    [row] = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["action"], row["subject.id"], row["agent"]) == (
        "user.sign_in_failed", clara.public_id, "'=HYPERLINK(1)"
    )  # fmt: skip
    [noted] = events_named("security_log.exported")
    assert (noted.actor_id, noted.data) == (owner.public_id, {"asked": ["address"]})


@pytest.mark.parametrize("rows", [1, 24, 100])
def test_a_page_of_the_api_costs_the_same_however_long_it_is(api, owner, rows):
    for _ in range(rows):
        happened("user.signed_in", owner)
    api.force_authenticate(owner, token=Grant("key", Actor.person(owner), SCOPES))
    owner.has_perm("core.view_security_log")

    with CaptureQueriesContext(connection) as asked:
        answer = api.get(API, {"page_size": 100, "action": "user.signed_in"})

    assert len(answer.json()["results"]) == rows
    assert len(asked) == 1


def test_everybody_reads_by_the_api_what_happened_to_them_and_nothing_else(api, acting, owner, clara):
    happened("user.sign_in_failed", clara, by=Actor.guest())
    acting.post(reverse("accounts:profile"), {"name": "Clara C.", "bio": ""})
    api.force_authenticate(clara, token=Grant("key", Actor.person(clara), SCOPES))

    with CaptureQueriesContext(connection) as asked:
        told = api.get("/api/v1/me/activity/").json()["results"]

    assert [(one["action"], one["is_warning"], one["by_staff"]) for one in told] == [
        ("user.changed_profile", False, True),
        ("user.sign_in_failed", True, False),
        ("user.impersonated", False, False),
    ]
    assert len(asked) == 1


def test_who_goes_takes_along_from_where_they_came_and_the_log_stays(clara):
    from accounts.data_requests import privacy
    from accounts.privacy.registry import Person

    happened("user.signed_in", clara, "203.0.113.7", agent=FIREFOX)
    happened("user.sign_in_failed", clara, "198.51.100.9", by=Actor.guest())
    person = Person(clara, frozenset({clara.email}))

    told = [row["address"] for part in privacy.export(person) if "origins" in part.path for row in part.rows]
    privacy.erase(person, timezone.now())

    assert told == ["203.0.113.7"]
    signed_in = EventOrigin.objects.get(event__name="user.signed_in")
    assert (signed_in.address, signed_in.agent) == (None, "")
    assert EventOrigin.objects.get(event__name="user.sign_in_failed").address == "198.51.100.9"


def test_it_says_which_role_was_given_or_taken_and_which_way_its_rules_changed(desk, owner, clara):
    by = Actor.person(owner)
    roles.assign_role(user_id=clara.pk, role="editor", by=by)
    roles.remove_role(user_id=clara.pk, role="editor", by=by)
    roles.set_mfa_requirement(slug="editor", is_required=True, by=by)
    roles.set_mfa_requirement(slug="editor", is_required=False, by=by)
    roles.save_role(slug="", name="Packer", description="", permissions=[permission("shop.view_order")], by=by)
    roles.save_role(slug="packer", name="Packer", description="", permissions=[permission("shop.fulfil_order")], by=by)

    details = [(row["action"], row["details"]) for row in desk.get(LOG).context["rows"][:6]]

    assert details == [
        ("role.saved", "added: shop.fulfil_order, removed: shop.view_order, permissions: 1"),
        ("role.saved", "added: shop.view_order, permissions: 1"),
        ("role.changed_factor_rule", "requires factor: no"),
        ("role.changed_factor_rule", "requires factor: yes"),
        ("role.removed", "role: editor"),
        ("role.assigned", "role: editor"),
    ]


def permission(name):
    app, codename = name.split(".")
    return Permission.objects.select_related("content_type").get(content_type__app_label=app, codename=codename)
