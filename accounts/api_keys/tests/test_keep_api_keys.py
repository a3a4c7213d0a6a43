"""Keys are made, exchanged and revoked: by page, API and staff alike."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.api_keys.models import ApiKey
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core import testing
from core.context import Actor
from core.errors import Denied
from core.testing import JustSignedIn, events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

KEYS = "/api/v1/me/api_keys/"
LIST, NEW = reverse("accounts:api_keys"), reverse("accounts:new_api_key")
ASKED = {"name": "Script", "scopes": ["shop:read"]}


def programs_browser(browser_of, user, **how):
    return browser_of(user, kind=APIClient, **how)


def test_page_and_api_make_the_same_key_and_tell_the_same(browser_of, user):
    browser, program = browser_of(user), programs_browser(browser_of, user)

    page = browser.post(NEW, {**ASKED, "days": "", "networks": "203.0.113.7\n2001:db8::/32"})
    answer = program.post(KEYS, {**ASKED, "networks": ["203.0.113.7", "2001:db8::/32"]})

    assert (page.status_code, answer.status_code) == (200, 201)
    assert "no-store" in page["Cache-Control"]
    assert answer["Cache-Control"] == "no-store"
    second, first = ApiKey.objects.all()
    for key in (first, second):
        assert (key.user, key.name, key.scopes, key.expires_at) == (user, "Script", ["shop:read"], None)
        assert key.networks == ["203.0.113.7/32", "2001:db8::/32"]
    one, two = events_named("api_key.added")
    assert one.data == two.data == {"user": str(user.uid), "scopes": ["shop:read"]}
    assert one.actor_id == two.actor_id == str(user.uid)


def test_the_secret_is_shown_once_and_kept_nowhere(browser_of, user):
    program = programs_browser(browser_of, user)

    token = program.post(KEYS, ASKED).json()["token"]

    [row] = snapshot("accounts.ApiKey")["accounts.ApiKey"]
    secret = token.split("_")[2]
    assert secret not in str(row)
    assert secret not in str(snapshot("core.Event"))
    shown = program.get(KEYS).json()["results"][0]
    assert token.split("_")[1] == shown["prefix"]
    assert set(shown) == {
        "uid", "name", "prefix", "scopes", "networks", "state", "expires_at", "revoked_at", "last_used_at",
        "former_until", "created_at",
    }  # fmt: skip


def test_a_key_from_the_page_lives_as_long_as_was_chosen(browser_of, user):
    browser_of(user).post(NEW, {**ASKED, "days": "30"})

    key = ApiKey.objects.get()
    assert key.expires_at - key.created_at == timedelta(days=30)


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"scopes": ["shop:read", "moon:write"]}, "/scopes", "unknown_scope"),
        ({"networks": ["10.0.0.0/8", "nowhere"]}, "/networks", "not_a_network"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at", "expiry_past"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_made(browser_of, user, wrong, pointer, code):
    answer = programs_browser(browser_of, user).post(KEYS, ASKED | wrong)

    assert answer.status_code == 422
    assert answer.json()["errors"][0] | {"detail": ""} == {"pointer": pointer, "code": code, "detail": ""}
    assert not ApiKey.objects.exists()
    assert no_event("api_key.added")


def test_the_page_keeps_what_was_typed_beside_the_refusal(browser_of, user):
    page = browser_of(user).post(NEW, {**ASKED, "days": "90", "networks": "nowhere"})

    assert page.status_code == 422
    assert "nowhere is not an IP address or a network" in page.content.decode()
    assert 'value="Script"' in page.content.decode()


def test_nobody_makes_a_key_to_the_account_of_another(user, stranger):
    with pytest.raises(Denied):
        api_keys.add_key(user_id=user.pk, by=Actor.person(stranger), **ASKED)

    assert not ApiKey.objects.exists()


def test_keys_of_others_are_neither_seen_nor_touched(browser_of, key_of, user):
    theirs = key_of(UserFactory()).key
    browser, program = browser_of(user), programs_browser(browser_of, user)
    before = snapshot("accounts.ApiKey", "core.Event")

    refused = [
        program.get(f"{KEYS}{theirs.uid}/"),
        program.delete(f"{KEYS}{theirs.uid}/"),
        program.post(f"{KEYS}{theirs.uid}/secrets/"),
        browser.post(reverse("accounts:rotate_api_key", args=[theirs.uid])),
        browser.post(reverse("accounts:revoke_api_key", args=[theirs.uid])),
    ]

    assert [answer.status_code for answer in refused] == [404] * 5
    assert program.get(KEYS).json()["results"] == []
    assert theirs.prefix not in browser.get(LIST).content.decode()
    assert snapshot("accounts.ApiKey", "core.Event") == before


def test_services_refuse_strangers_and_let_staff_with_the_permission_revoke(key_of, user, stranger, staff):
    key = key_of(user).key

    for service in (api_keys.rotate_key, api_keys.revoke_key):
        with pytest.raises(Denied):
            service(key_id=key.pk, by=Actor.person(stranger))
    with pytest.raises(Denied):
        api_keys.rotate_key(key_id=key.pk, by=Actor.person(staff))
    assert no_event("api_key.rotated")

    assert api_keys.revoke_key(key_id=key.pk, by=Actor.person(staff)) is True
    assert api_keys.revoke_key(key_id=key.pk, by=Actor.person(staff)) is False
    assert [event.actor_id for event in events_named("api_key.revoked")] == [str(staff.uid)]


def test_page_api_and_staff_revoke_alike(browser_of, key_of, user, staff):
    one, two, three = (key_of(user).key for _ in range(3))
    staff_browser = JustSignedIn()
    staff_browser.force_login(staff)

    page = browser_of(user).post(reverse("accounts:revoke_api_key", args=[one.uid]))
    answer = programs_browser(browser_of, user).delete(f"{KEYS}{two.uid}/")
    staff_browser.post(reverse("admin:accounts_apikey_changelist"), {"action": "revoke", "_selected_action": three.pk})

    assert (page.status_code, page["Location"], answer.status_code) == (303, LIST, 204)
    assert not ApiKey.objects.filter(revoked_at=None).exists()
    assert [event.subject_id for event in events_named("api_key.revoked")] == [
        str(key.uid) for key in (one, two, three)
    ]
    assert {str(event.data) for event in events_named("api_key.revoked")} == {str({"user": str(user.uid)})}


def test_staff_see_keys_without_what_is_kept_of_the_secret(client, key_of, user, staff):
    key = key_of(user).key
    client.force_login(staff)

    page = client.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()

    assert key.prefix in page
    assert key.digest not in page


def test_a_new_secret_works_beside_the_former_for_a_day(browser_of, key_of, sent_with, user):
    now = timezone.now()
    made = key_of(user)

    answer = programs_browser(browser_of, user).post(f"{KEYS}{made.key.uid}/secrets/")
    third = api_keys.rotate_key(key_id=made.key.pk, by=Actor.person(user), now=now)

    assert answer.status_code == 201
    second = answer.json()["token"]
    assert second.split("_")[1] == made.key.prefix
    assert [sent_with(token).get("/api/v1/me/").status_code for token in (made.token, second, third.token)] == [
        401,
        200,
        200,
    ]
    ApiKey.objects.update(former_until=now)
    assert [sent_with(token).get("/api/v1/me/").status_code for token in (second, third.token)] == [401, 200]
    assert [event.data for event in events_named("api_key.rotated")] == [{"user": str(user.uid)}] * 2


def test_the_page_shows_the_exchanged_secret_once(browser_of, key_of, sent_with, user):
    made = key_of(user)

    page = browser_of(user).post(reverse("accounts:rotate_api_key", args=[made.key.uid]))

    token = page.context["made"].token
    assert token in page.content.decode()
    assert sent_with(token).get("/api/v1/me/").status_code == 200


def test_a_key_that_ended_gets_no_new_secret(browser_of, key_of, user):
    made = key_of(user)
    api_keys.revoke_key(key_id=made.key.pk, by=Actor.person(user))

    answer = programs_browser(browser_of, user).post(f"{KEYS}{made.key.uid}/secrets/")

    assert (answer.status_code, answer.json()["code"]) == (409, "key_ended")
    assert no_event("api_key.rotated")


def test_pages_ask_once_more_who_one_is_and_go_on_from_there(browser_of, user):
    browser = browser_of(user, recently=False)

    asked = browser.get(NEW)

    assert asked["Location"] == f"/account/reauthenticate/?next={NEW.replace('/', '%2F')}"
    assert browser.post(asked["Location"], {"password": PASSWORD, "next": NEW})["Location"] == NEW
    assert browser.get(NEW).status_code == 200


@pytest.mark.parametrize(("method", "address"), [("post", ""), ("post", "{uid}/secrets/"), ("delete", "{uid}/")])
def test_the_api_refuses_to_write_for_who_said_long_ago_who_they_are(browser_of, key_of, user, method, address):
    key = key_of(user).key
    before = snapshot("accounts.ApiKey", "core.Event")

    answer = getattr(programs_browser(browser_of, user, recently=False), method)(
        KEYS + address.format(uid=key.uid), ASKED
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
    assert snapshot("accounts.ApiKey", "core.Event") == before


@pytest.mark.parametrize(
    ("method", "address"),
    [("get", ""), ("get", "{uid}/"), ("post", ""), ("post", "{uid}/secrets/"), ("delete", "{uid}/")],
)
def test_a_key_never_handles_keys(key_of, sent_with, user, method, address):
    made = key_of(user, "account:read", "account:write")
    sent_with(made.token).get("/api/v1/me/")
    before = snapshot("accounts.ApiKey")

    answer = getattr(sent_with(made.token), method)(KEYS + address.format(uid=made.key.uid), ASKED)

    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")
    assert snapshot("accounts.ApiKey") == before
    assert [event.data["why"] for event in events_named("api_key.refused")] == ["session_required"]


def test_beyond_the_limit_there_is_no_further_key_until_one_has_ended(browser_of, key_of, user):
    made = [key_of(user).key for _ in range(api_keys.MAX_KEYS)]
    program = programs_browser(browser_of, user)

    refused = program.post(KEYS, ASKED)
    api_keys.revoke_key(key_id=made[0].pk, by=Actor.person(user))
    taken = program.post(KEYS, ASKED)

    assert (refused.status_code, refused.json()["code"], taken.status_code) == (409, "too_many_keys", 201)


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_share_the_last_key_that_is_left(key_of, user):
    for _ in range(api_keys.MAX_KEYS - 1):
        key_of(user)

    results = testing.race(*[lambda: key_of(user)] * 8)

    assert [type(failure) for failure in testing.failures(results)] == [api_keys.TooManyKeys] * 7
    assert ApiKey.objects.count() == api_keys.MAX_KEYS


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_limit_does_not_hold(monkeypatch, key_of, user):
    for _ in range(api_keys.MAX_KEYS - 1):
        key_of(user)
    monkeypatch.setattr(type(User.objects.all()), "select_for_update", lambda self, **_: self)

    results = testing.race(*[lambda: key_of(user)] * 8)

    assert len(testing.failures(results)) < 7


def test_the_owner_of_a_new_key_is_told_by_mail_without_it(key_of, user, deliver_events, mailoutbox):
    made = key_of(user)

    deliver_events()

    [mail] = mailoutbox
    assert (mail.to, mail.subject) == (["nora@example.com"], "A new API key was created")
    assert f"agr_{made.key.prefix}…" in mail.body
    assert made.token not in mail.body + mail.alternatives[0][0]


@pytest.mark.parametrize("fields", [{"scopes": []}, {"name": ""}, {"digest": "short"}, {"former_digest": "f" * 64}])
def test_the_database_refuses_half_a_key(key_of, user, fields):
    key = key_of(user).key

    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(**fields)


@pytest.mark.parametrize("address", [LIST, KEYS])
def test_a_list_costs_the_same_for_one_key_and_for_many(browser_of, key_of, user, address):
    client = browser_of(user)
    costs = []
    for more in (1, 23, 76):
        for _ in range(more):
            api_keys.revoke_key(key_id=key_of(user).key.pk, by=Actor.person(user))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        costs.append(len(queries))

    assert costs[0] == costs[1] == costs[2] <= 6


def test_the_pages_are_for_the_signed_in(client):
    assert client.get(LIST)["Location"] == f"{reverse('account_login')}?next={LIST}"
    assert client.get(NEW)["Location"] == f"{reverse('account_login')}?next={NEW}"
