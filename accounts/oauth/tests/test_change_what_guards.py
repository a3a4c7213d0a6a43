"""What guards the account changes, and programs of others are signed out with all other sessions."""

import time
from threading import Event

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.api_keys import services as api_keys
from accounts.authentication import mfa
from accounts.authentication.services import accounts as user_accounts
from accounts.authentication.tests.test_passwords_and_addresses import link_in
from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.oauth import validator
from accounts.oauth.models import AccessToken, AuthorizationCode, Consent, DeviceGrant, RefreshToken
from accounts.oauth.services import consents
from accounts.oauth.tests.conftest import bearing
from accounts.sessions import services as sessions
from accounts.tests.factories import PASSWORD
from core import testing
from core.context import Actor
from core.testing import JustSignedIn

pytestmark = pytest.mark.django_db

NEW = "nine cones in a row"
STAFF = Actor.system("test")


@pytest.fixture
def nora(user):
    browser = JustSignedIn()
    browser.force_login(user)
    return browser


def change_password(nora, user, staff):
    nora.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": NEW})


def reset_password(nora, user, staff):
    somewhere = Browser()
    somewhere.post(reverse("account_reset_password"), {"email": user.email})
    somewhere.post(somewhere.get(link_in(mail.outbox[-1]))["Location"], {"password1": NEW})


def change_address(nora, user, staff):
    EmailAddress.objects.create(user=user, email="new@example.com", verified=True)
    nora.post(reverse("account_email"), {"email": "new@example.com", "action_primary": "1"})


def remove_factor(nora, user, staff):
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    nora.post(reverse("mfa_deactivate_totp"))


def lose_factors(nora, user, staff):
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    mfa.remove_all_methods(user=user, by=STAFF)


def close_and_open(nora, user, staff):
    for is_open in (False, True):
        user_accounts.open_account(user_id=user.pk, by=Actor.person(staff), is_open=is_open)


def ban_and_unban(nora, user, staff):
    made = bans.ban(user=user, scope=Ban.Scope.ALL, reason="spam", by=STAFF)
    bans.unban(ban_uid=made.uid, by=STAFF)


CHANGES = (change_password, reset_password, change_address, remove_factor, lose_factors, close_and_open, ban_and_unban)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_tokens_of_programs_end_and_what_was_agreed_to_stays(program, nora, user, staff, change):
    given, code = program.tokens(nora), program.code(nora)
    device = DeviceGrant.objects.create(
        client_id=program.client.client_id, user=user, user_code="ABCD", device_code="x", expires=timezone.now()
    )
    key = api_keys.add_key(user_id=user.pk, name="Till", scopes=["account:read"], by=Actor.person(user))

    change(nora, user, staff)

    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(given["refresh_token"]).json()["error"] == "invalid_grant"
    assert program.redeem(code).json()["error"] == "invalid_grant"
    assert not DeviceGrant.objects.filter(pk=device.pk).exists()
    assert Consent.objects.get().user == user
    assert bearing(key.token).get("/api/v1/me/").status_code == 200


def test_who_signs_out_everywhere_else_keeps_programs(program, nora):
    given = program.tokens(nora)

    nora.post(reverse("accounts:sessions"))

    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 200


@pytest.fixture
def midway(monkeypatch):
    """A refresh stops when its token is found good, and goes on once somebody waits for what it holds."""
    reached, check = Event(), validator.OAuth2Validator.validate_refresh_token

    def checked(*args, **more):
        reached.set()
        waited_for()
        return check(*args, **more)

    monkeypatch.setattr(validator.OAuth2Validator, "validate_refresh_token", checked)
    return reached


def waited_for():
    waiting = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waited")


def at_once(program, user, given, reached):
    """The account is guarded anew in the middle of a refresh."""

    def guard():
        reached.wait(20)
        sessions.end_access(user=user)

    return testing.race(lambda: program.refresh(given["refresh_token"]).status_code, guard)


@pytest.mark.django_db(transaction=True)
def test_a_refresh_at_that_moment_slips_nothing_by(program, nora, user, midway):
    given = program.tokens(nora)

    assert at_once(program, user, given, midway) == [200, None], "who came first got tokens, and they ended too"
    assert not RefreshToken.objects.exists()
    assert not AccessToken.objects.exists()
    assert not AuthorizationCode.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_control_without_holding_the_person_tokens_would_slip_by(monkeypatch, program, nora, user, midway):
    given = program.tokens(nora)
    monkeypatch.setattr(consents, "lock_token_owner", lambda found: None)

    at_once(program, user, given, midway)

    assert RefreshToken.objects.filter(revoked=None).exists()
