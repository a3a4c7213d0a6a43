"""From an app of the house: make an account, sign in by each way there is, act at the API, refresh, sign out."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.authentication import mfa
from accounts.headless.tests.fake_app_client import FakeAppClient, code_in, code_now, flows_of, with_app
from accounts.sessions.models import Device
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core import encryption
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone():
    return FakeAppClient()


@pytest.fixture
def user():
    return UserFactory(email="nora@example.com", name="Nora Quist")


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_from_sign_up_to_a_refresh_and_to_the_end_by_a_second_use(phone, mailoutbox):
    asked = phone.send("auth/signup", {"email": "new@example.com", "password": "nine cones in a row"})
    assert (asked.status_code, phone.access) == (401, "")
    assert flows_of(asked)["verify_email"]["is_pending"]

    done = phone.send("auth/email/verify", {"key": code_in(mailoutbox[0])})
    user = User.objects.get()

    assert done.status_code == 200
    assert done.json()["data"]["user"] == {
        "id": str(user.uid),
        "display": "Customer",
        "email": "new@example.com",
        "has_usable_password": True,
    }
    assert phone.api("me/").json()["uid"] == str(user.uid)
    assert phone.get("auth/session").status_code == 200

    first = phone.refresh
    assert phone.renew().status_code == 200
    assert phone.refresh != first
    assert phone.api("me/").status_code == 200

    assert FakeAppClient().renew(first).status_code == 400
    assert phone.api("me/").status_code == 401
    assert phone.renew().status_code == 400
    reused = events_named("user.reused_refresh_token")
    assert [event.data for event in reused] == [{"device": str(Device.objects.get().uid)}]
    assert reused[0].subject_id == str(user.uid)


def test_a_password_signs_in_and_the_answer_holds_no_number_of_a_row(phone, user):
    answer = phone.sign_in(user)

    assert answer.status_code == 200
    told = answer.json()
    assert set(told["meta"]) == {"is_authenticated", "access_token", "refresh_token", "device_token"}
    assert [record["method"] for record in told["data"]["methods"]] == ["password"]
    assert claims(phone.access)["sub"] == str(user.uid)
    assert "session" not in answer.cookies
    assert not answer.cookies
    assert len(events_named("user.signed_in")) == 1


def test_what_tokens_say(phone, user, settings):
    phone.sign_in(user)
    access, refresh = claims(phone.access), claims(phone.refresh)

    assert set(access) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
    assert (access["iss"], access["aud"]) == (settings.SITE_URL, f"{settings.SITE_URL}/api/")
    assert refresh["aud"] == f"{settings.SITE_URL}/_allauth/app/v1/tokens/refresh"
    assert access["exp"] - access["iat"] == 300
    assert refresh["exp"] - refresh["iat"] == settings.SESSION_COOKIE_AGE
    assert access["sid"] == refresh["sid"] == str(Device.objects.get().app_session)
    assert Session.objects.get().session_key not in json.dumps([access, refresh])


def test_a_code_by_mail_signs_in(phone, user, mailoutbox):
    asked = phone.send("auth/code/request", {"email": user.email})
    assert flows_of(asked)["login_by_code"]["is_pending"]

    assert phone.send("auth/code/confirm", {"code": code_in(mailoutbox[0])}).status_code == 200

    assert phone.api("me/").json()["email"] == user.email


def test_a_second_factor_is_asked_for_after_the_password_and_its_code_works_once(phone, user):
    with_app(user)

    asked = phone.sign_in(user)
    assert (asked.status_code, phone.access) == (401, "")
    assert flows_of(asked)["mfa_authenticate"]["types"] == ["totp"]
    assert phone.send("auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    code = code_now()
    assert phone.send("auth/2fa/authenticate", {"code": code}).status_code == 200
    assert phone.api("me/").status_code == 200

    other = FakeAppClient("203.0.113.8")
    other.sign_in(user)
    assert other.send("auth/2fa/authenticate", {"code": code}).status_code == 400
    assert other.access == ""
    assert len(events_named("user.signed_in")) == 1


def test_a_recovery_code_serves_in_its_stead(phone, user):
    with_app(user)
    codes = Authenticator.objects.create(
        user=user,
        type=mfa.RECOVERY_CODES,
        data={"seed": encryption.encrypt("seed" * 10), "used_mask": 0},
    ).wrap()
    phone.sign_in(user)

    assert phone.send("auth/2fa/authenticate", {"code": codes.get_unused_codes()[0]}).status_code == 200


def test_what_to_ask_a_passkey_for_names_nobody(phone):
    asked = phone.get("auth/webauthn/login").json()["data"]["request_options"]["publicKey"]

    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    assert len(asked["challenge"]) > 40


def test_a_made_up_answer_of_a_passkey_signs_nobody_in(phone, user):
    phone.get("auth/webauthn/login")
    handle = base64.urlsafe_b64encode(user.uid.bytes).decode().rstrip("=")
    reply = {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": handle}

    for credential in (
        {"id": "a2V5LTE", "rawId": "a2V5LTE", "type": "public-key", "response": reply},
        [],
        7,
        "x",
        None,
    ):
        assert phone.send("auth/webauthn/login", {"credential": credential}).status_code == 400

    assert phone.access == ""
    assert no_event("user.signed_in")


def test_an_account_is_begun_with_a_passkey(phone, mailoutbox):
    phone.send("auth/webauthn/signup", {"email": "key@example.com"})
    told = phone.send("auth/email/verify", {"key": code_in(mailoutbox[0])})
    assert flows_of(told)["mfa_signup_webauthn"]["is_pending"]

    options = phone.get("auth/webauthn/signup").json()["data"]["creation_options"]["publicKey"]

    user = User.objects.get()
    assert options["user"]["id"] == base64.urlsafe_b64encode(user.uid.bytes).decode().rstrip("=")
    assert not user.has_usable_password()
    assert phone.access == ""


def test_signing_out_ends_it_at_once(phone, user):
    phone.sign_in(user)

    assert phone.send("auth/session", method="delete").status_code == 401

    assert phone.api("me/").status_code == 401
    assert phone.renew().status_code == 400
    assert not Session.objects.exists()
    assert len(events_named("user.signed_out")) == 1


def test_a_refresh_lets_the_session_last(phone, user, settings):
    phone.sign_in(user)
    soon = timezone.now() + timedelta(hours=1)
    Session.objects.update(expire_date=soon)

    phone.renew()

    assert Session.objects.get().expire_date > timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE - 60)


def test_a_session_that_lay_too_long_is_over(phone, user):
    phone.sign_in(user)
    Session.objects.update(expire_date=timezone.now())

    assert phone.api("me/").status_code == 401
    assert phone.renew().status_code == 400


def test_the_configuration_tells_what_there_is(phone):
    told = phone.get("config").json()["data"]

    assert told["account"]["login_methods"] == ["email"]
    assert told["mfa"]["passkey_login_enabled"]
    assert "socialaccount" not in told


def test_the_password_is_reset_by_the_link_to_our_page(phone, user, mailoutbox):
    phone.send("auth/password/request", {"email": user.email})

    assert "/account/password/reset/key/" in mailoutbox[0].body


def test_a_changed_password_leaves_the_app_that_asked_signed_in(phone, user):
    phone.sign_in(user)
    new = {"current_password": PASSWORD, "new_password": "nine cones in a row"}

    assert phone.send("account/password/change", new).status_code == 200

    assert phone.api("me/").status_code == 200
    assert phone.renew().status_code == 200
    assert len(events_named("user.changed_password")) == 1
