"""What ends a session here is told to the clients that it was used for, and to no other."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.authentication.services import accounts as user_accounts
from accounts.bans import services as bans
from accounts.data_requests.services import deletions
from accounts.oauth.models import Client, Consent
from accounts.oauth.services import clients, consents
from accounts.oauth.tests.conftest import program_of, say_again, signed_in
from accounts.permissions.models import Role
from accounts.sessions import client_sessions
from accounts.sessions import tasks as session_tasks
from accounts.sessions.models import ClientSession, Device
from accounts.staff import services as roles
from accounts.tests.factories import PASSWORD, UserFactory
from core.context import Actor

pytestmark = pytest.mark.django_db
State = ClientSession.State
SIGN_IN, OUT = "/account/login/", "/account/logout/"
SYSTEM = Actor.system("test")


@pytest.fixture
def told(maker):
    """A client that wants to be told."""
    return program_of(maker, backchannel_logout_uri="https://rp.example/out")


@pytest.fixture
def here(told, user):
    """A browser in which the person is signed in, at the client too."""
    browser = signed_in(user)
    told.tokens(browser)
    return browser


@pytest.fixture
def there(told, user, here):
    """Another one."""
    browser = signed_in(user)
    told.tokens(browser)
    return browser


def states():
    """In the order in which they began."""
    return list(ClientSession.objects.order_by("pk").values_list("state", flat=True))


def sign_out(here, user):
    here.post(OUT)


def sign_out_from_a_client(here, user):
    here.post("/oauth/logout/", {"client_id": Client.objects.get().client_id, "allow": "true"})


def sign_in_anew(here, user):
    del here.cookies["session"]
    here.post(SIGN_IN, {"login": user.email, "password": PASSWORD})


@pytest.mark.parametrize("how", [sign_out, sign_out_from_a_client, sign_in_anew])
def test_one_session_ends_and_the_other_does_not(here, there, user, how):
    how(here, user)

    assert states() == [State.WAITING, State.OPEN]


def test_a_session_is_ended_from_the_list(here, there, user):
    device = Device.objects.order_by("pk").first()

    there.post(reverse("accounts:end_session", args=[device.uid]))

    assert states() == [State.WAITING, State.OPEN]


def end_others(there, user):
    there.post(reverse("accounts:sessions"))


def change_password(there, user):
    there.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": "nine cones in a row"})


def remove_app(there, user):
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    there.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("how", [end_others, change_password, remove_app])
def test_all_but_ones_own_end(here, there, user, how):
    say_again(there)

    how(there, user)

    assert states() == [State.WAITING, State.OPEN]


def close(user):
    deletions.request_deletion(user_id=user.pk, by=Actor.person(user))


def ban(user):
    staff = UserFactory(is_superuser=True)
    bans.ban(user=user, scope="all", reason="abuse", by=Actor.person(staff))


def shut(user):
    user_accounts.open_account(user_id=user.pk, is_open=False, by=SYSTEM)


def lose_factors(user):
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    call_command("remove_factors", user.email)


def begin_to_ask_for_a_factor(user):
    Role.objects.filter(slug="support-agent").update(requires_mfa=True)
    roles.assign_role(user_id=user.pk, role="support-agent", by=SYSTEM)


@pytest.mark.parametrize("how", [close, ban, shut, lose_factors, begin_to_ask_for_a_factor])
def test_all_sessions_of_a_person_end(here, there, user, how):
    how(user)

    assert states() == [State.WAITING, State.WAITING]


def test_agreement_is_withdrawn_and_only_that_client_is_told(here, there, user, maker):
    other = program_of(maker, backchannel_logout_uri="https://other.example/out")
    other.tokens(here)

    consents.withdraw_consent(
        consent_id=Consent.objects.get(client__name="Kiln log", client__pk__lt=other.client.pk).pk,
        by=Actor.person(user),
    )

    assert states() == [State.WAITING, State.WAITING, State.OPEN]


def test_sessions_of_somebody_else_go_on(here, told, maker):
    told.tokens(signed_in(maker))

    here.post(OUT)

    assert states() == [State.WAITING, State.OPEN]


def test_a_client_that_wants_no_word_is_not_waited_for(program, user):
    browser = signed_in(user)
    program.tokens(browser)

    browser.post(OUT)

    assert states() == [State.SILENT]
    assert ClientSession.objects.get().next_at is None


def expire(session):
    Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now())


def take_away(session):
    Session.objects.filter(pk=session.session_key).delete()


@pytest.mark.parametrize("how", [expire, take_away])
def test_what_expired_or_was_taken_away_is_told_by_the_daily_round(here, there, how):
    how(here.session)

    session_tasks.forget_sessions()

    assert states() == [State.WAITING, State.OPEN]


def test_what_ended_is_forgotten_after_30_days(here, there):
    here.post(OUT)
    ended = ClientSession.objects.filter(state=State.WAITING)
    ended.update(ended_at=timezone.now() - client_sessions.ENDED_SESSION_RETENTION)

    session_tasks.forget_sessions()

    assert states() == [State.OPEN]


def test_the_worker_is_told_after_the_commit_and_once(
    here, told, user, monkeypatch, django_capture_on_commit_callbacks
):
    asked = []
    monkeypatch.setattr(client_sessions, "enqueue_best_effort", lambda *what: asked.append(what))
    there = signed_in(user)
    told.tokens(there)

    with django_capture_on_commit_callbacks(execute=True):
        deletions.request_deletion(user_id=user.pk, by=Actor.person(user))
        assert asked == []

    assert asked == [("accounts.sweep_logouts",)]


@pytest.mark.parametrize("rows", [1, 24, 100])
def test_ending_costs_the_same_for_one_client_and_for_many(monkeypatch, user, maker, rows):
    monkeypatch.setattr(clients, "MAX_CLIENTS", 1000)
    browser = signed_in(user)
    device = Device.objects.get()
    for _ in range(rows):
        client = program_of(maker, backchannel_logout_uri="https://rp.example/out").client
        client_sessions.begin_client_session(user_id=user.pk, device_uid=device.public_id, client=client)

    with CaptureQueriesContext(connection) as queries:
        browser.post(OUT)

    assert states() == [State.WAITING] * rows
    assert len([one for one in queries if "clientsession" in one["sql"]]) == 1


def test_signing_in_costs_one_query_more_where_a_session_that_was_left_open_is_told_of(here, user):
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            sign_in_anew(here, user)
        costs.append(len(queries))

    assert states() == [State.WAITING]
    assert costs[0] == costs[1] + 1
