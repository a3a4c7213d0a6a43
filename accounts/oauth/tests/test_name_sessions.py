"""The session that an ID token names: which one it is, how long it has that name, and what the name costs."""

import json
from base64 import urlsafe_b64decode
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.oauth.models import AccessToken, AuthorizationCode
from accounts.oauth.tests.conftest import program_of, signed_in
from accounts.sessions import client_sessions
from accounts.sessions.models import ClientSession, Device
from accounts.tests.factories import PASSWORD
from core import testing

pytestmark = pytest.mark.django_db
State = ClientSession.State
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def claims(given):
    part = given["id_token"].split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_an_id_token_names_the_session_and_so_does_a_refreshed_one(program, user):
    given = program.tokens(signed_in(user))

    again = program.refresh(given["refresh_token"]).json()
    once_more = program.refresh(again["refresh_token"]).json()

    row = ClientSession.objects.get()
    assert (row.state, row.client, row.device.user) == (State.OPEN, program.client, user)
    assert [claims(each)["sid"] for each in (given, again, once_more)] == [str(row.uid)] * 3


def test_who_comes_again_in_the_same_session_has_the_same_name_also_after_a_change_of_its_key(program, user):
    browser = signed_in(user)
    first = claims(program.tokens(browser))["sid"]

    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    changed = {"oldpassword": PASSWORD, "password1": "nine cones in a row"}
    before = browser.session.session_key
    browser.post("/account/password/change/", changed)

    assert browser.session.session_key != before
    assert claims(program.tokens(browser))["sid"] == first
    assert ClientSession.objects.count() == 1


def test_the_name_is_another_for_each_client_browser_and_sign_in(program, maker, user):
    other, browser = program_of(maker, name="Other"), signed_in(user)
    names = [claims(program.tokens(browser))["sid"], claims(other.tokens(browser))["sid"]]
    names.append(claims(program.tokens(signed_in(user)))["sid"])

    browser.post("/account/logout/")
    browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
    names.append(claims(program.tokens(browser))["sid"])

    assert len(set(names)) == 4
    assert {UUID(name).version for name in names} == {4}
    assert not any(str(device.uid) in names or device.session_key in names for device in Device.objects.all())


def test_after_the_session_a_refreshed_token_names_none(program, user):
    browser = signed_in(user)
    given = program.tokens(browser)

    browser.post("/account/logout/")

    again = program.refresh(given["refresh_token"])
    assert again.status_code == 200
    assert "sid" not in claims(again.json())


def test_a_code_that_waits_when_the_session_ends_opens_nothing(program, user):
    browser = signed_in(user)
    code = program.code(browser)

    browser.post("/account/logout/")

    assert program.redeem(code).json() == {"error": "invalid_grant"}
    assert AuthorizationCode.objects.get().used_at is None
    assert not AccessToken.objects.exists()


def test_a_code_of_another_session_stays_good(program, user):
    here, there = signed_in(user), signed_in(user)
    code = program.code(there)

    here.post("/account/logout/")

    assert program.redeem(code).status_code == 200


def test_a_session_that_ended_while_its_person_agreed_gets_no_name(program, user):
    signed_in(user)
    device = Device.objects.get()
    Device.objects.update(session_key="")

    begun = client_sessions.begin_client_session(user_id=user.pk, device_uid=device.public_id, client=program.client)

    assert begun is None
    assert not ClientSession.objects.exists()


def test_nobody_else_s_browser_is_named(program, user, maker):
    signed_in(user)

    begun = client_sessions.begin_client_session(
        user_id=maker.pk, device_uid=Device.objects.get(user=user).public_id, client=program.client
    )

    assert begun is None
    assert not ClientSession.objects.exists()


def test_without_openid_nothing_is_remembered(program, user):
    given = program.tokens(signed_in(user), scope="account:read")

    assert "id_token" not in given
    assert not ClientSession.objects.exists()


@pytest.mark.parametrize("name", ["session", "family", "auth_time"])
def test_what_a_client_sends_under_a_name_of_ours_is_not_taken_for_it(program, user, name):
    given = program.tokens(signed_in(user))

    again = program.token(grant_type="refresh_token", refresh_token=given["refresh_token"], **{name: "5"})

    assert again.status_code == 200
    assert claims(again.json())["sid"] == str(ClientSession.objects.get().uid)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ended_at": timezone.now()},
        {"next_at": timezone.now()},
        {"state": "told"},
        {"state": "waiting", "ended_at": timezone.now()},
        {"state": "failed", "ended_at": timezone.now(), "next_at": timezone.now()},
    ],
    ids=lambda wrong: " ".join([wrong.get("state", ""), *wrong]).strip(),
)
def test_the_database_refuses_a_row_that_says_two_things(program, user, wrong):
    program.tokens(signed_in(user))

    with pytest.raises(IntegrityError), transaction.atomic():
        ClientSession.objects.update(**wrong)


@pytest.mark.django_db(transaction=True)
def test_of_eight_requests_at_once_one_names_the_session(program, user):
    signed_in(user)
    device = Device.objects.get()

    def begin():
        return client_sessions.begin_client_session(
            user_id=user.pk, device_uid=device.public_id, client=program.client
        ).uid

    results = testing.race(*[begin] * 8)

    assert testing.failures(results) == []
    assert set(results) == {ClientSession.objects.get().uid}


@pytest.mark.parametrize("others", [0, 23, 99])
def test_tokens_cost_the_same_however_many_sessions_there_are(program, user, maker, others):
    for number in range(others):
        device = Device.objects.create(user=user, mark=f"m{number}", browser="Firefox", network="192.0.2.7")
        ClientSession.objects.create(device=device, client=program.client)
    browser = signed_in(user)
    code = program.code(browser)

    with CaptureQueriesContext(connection) as redeeming:
        given = program.redeem(code).json()
    with CaptureQueriesContext(connection) as refreshing:
        assert program.refresh(given["refresh_token"]).status_code == 200
    with CaptureQueriesContext(connection) as agreeing:
        assert program.ask(browser).status_code == 302

    costs = [
        len([one for one in each if not one["sql"].startswith(FRAME)]) for each in (redeeming, refreshing, agreeing)
    ]
    assert costs == [30, 24, 13]


def test_a_stranger_s_sign_out_ends_nothing(program, user):
    program.tokens(signed_in(user))

    Browser().post("/account/logout/")

    assert ClientSession.objects.get().state == State.OPEN
