"""What pages of people enforce holds for apps: limits, passwords, bans, known devices, and that a session ends at once."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.authentication.services import accounts as user_accounts
from accounts.bans import services as bans
from accounts.data_requests.services import deletions
from accounts.headless.tests.fake_app_client import AGENT, APP, FakeAppClient, code_in, code_now
from accounts.sessions import services as device_services
from accounts.sessions.models import Device
from accounts.tests.factories import PASSWORD
from accounts.users.models import User
from core.context import Actor
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db


# Who gets in


def test_guessing_a_password_ends_after_five_tries_and_is_noted(user):
    phone = FakeAppClient()

    answers = [phone.sign_in(user, "a wrong password") for _ in range(6)]

    assert [answer.json()["errors"][0]["code"] for answer in answers[:5]] == ["email_password_mismatch"] * 5
    assert answers[5].json()["errors"][0]["code"] == "too_many_login_attempts"
    assert phone.sign_in(user).status_code == 400
    assert no_event("user.signed_in")
    assert len(events_named("user.sign_in_failed")) == 5
    assert len(events_named("user.login_throttled")) == 1


def test_a_device_the_person_signed_in_with_is_not_shut_out_by_strangers(user, phone):
    phone.send("auth/session", method="delete")
    phone.access = ""
    for _ in range(6):
        FakeAppClient("203.0.113.99").sign_in(user, "a wrong password")

    assert phone.sign_in(user).status_code == 200


def test_codes_are_sent_five_times_to_a_network(user, mailoutbox):
    answers = [FakeAppClient().send("auth/code/request", {"email": user.email}).status_code for _ in range(6)]

    assert answers == [401] * 5 + [400]
    assert len(mailoutbox) == 5


def test_three_wrong_codes_and_the_right_one_is_no_good(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": user.email})
    for _ in range(3):
        phone.send("auth/code/confirm", {"code": "BBBB-BBBB"})

    assert phone.send("auth/code/confirm", {"code": code_in(mailoutbox[0])}).status_code in (409, 410)

    assert phone.access == ""
    assert no_event("user.signed_in")


def test_nothing_that_is_sent_by_another_method_is_looked_at(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": user.email})
    code = code_in(mailoutbox[0])

    for method in ("head", "options", "put", "trace"):
        for sent in ("BBBB-BBBB", code):
            answer = phone.http.generic(
                method.upper(), f"{APP}auth/code/confirm", json.dumps({"code": sent}),
                content_type="application/json", headers={"x-session-token": phone.steps},
            )  # fmt: skip
            assert (answer.status_code, answer["Allow"]) == (405, "POST")

    assert phone.send("auth/code/confirm", {"code": code}).status_code == 200


def test_everybody_of_one_network_together_calls_no_oftener_than_six_hundred_times(user, monkeypatch):
    monkeypatch.setattr("accounts.headless.endpoints.CALL_RATE", "2/minute")
    phone = FakeAppClient()

    answers = [phone.get("config") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["errors"][0]["code"] == "rate_limited"
    assert int(answers[2]["Retry-After"]) > 0


def test_a_banned_person_is_told_and_gets_no_tokens(user, staff):
    bans.ban(user=user, scope="all", reason="abuse", by=Actor.person(staff))
    phone = FakeAppClient()

    answer = phone.sign_in(user)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "banned")
    assert phone.access == ""
    assert no_event("user.signed_in")


SIGN_UPS = (("auth/signup", {"email": "new@example.com", "password": "nine cones in a row"}), ("auth/webauthn/signup", {"email": "new@example.com"}))  # fmt: skip


def test_nobody_signs_in_or_up_from_a_banned_network_and_that_is_noted(user, staff, mailoutbox):
    bans.ban(network="203.0.113.0/24", scope="all", reason="spam", by=Actor.person(staff))
    phone = FakeAppClient()

    answers = [phone.sign_in(user), phone.sign_in(user, "a wrong one"), *(phone.send(*act) for act in SIGN_UPS)]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert {answer.json()["errors"][0]["code"] for answer in answers} == {"network_banned"}
    assert not User.objects.filter(email="new@example.com").exists()
    assert mailoutbox == []
    assert no_event("user.signed_in")
    assert len(events_named("ban.kept_out")) == 1
    assert len(events_named("user.sign_in_failed")) == 1
    assert FakeAppClient("198.51.100.9").sign_in(user).status_code == 200


def test_a_closed_account_gets_no_tokens(user, staff):
    user_accounts.open_account(user_id=user.pk, by=Actor.person(staff), is_open=False)
    phone = FakeAppClient()

    assert phone.sign_in(user).status_code in (400, 401)

    assert phone.access == ""
    assert no_event("user.signed_in")


def test_no_sign_up_where_the_door_is_closed(settings):
    settings.SIGNUP_OPEN = False

    answer = FakeAppClient().send("auth/signup", {"email": "new@example.com", "password": "nine cones in a row"})

    assert answer.status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short", "password123", "newcomer@example.com"])
def test_a_password_is_held_to_the_rules_of_the_page(password):
    answer = FakeAppClient().send("auth/signup", {"email": "newcomer@example.com", "password": password})

    assert answer.status_code == 400
    assert {error["param"] for error in answer.json()["errors"]} == {"password"}
    assert not User.objects.exists()


# Which device it is


def test_a_new_device_is_told_by_mail_and_the_same_one_is_not(user, deliver_events, mailoutbox):
    first = FakeAppClient()
    first.sign_in(user)
    first.send("auth/session", method="delete")
    first.access = ""
    first.sign_in(user)
    deliver_events()
    assert no_event("user.signed_in_on_new_device")
    assert [device.browser for device in Device.objects.all()] == ["NinthTile on Android"]

    FakeAppClient("198.51.100.9").sign_in(user)
    deliver_events()

    assert [mail.subject for mail in mailoutbox] == ["New sign-in to your account"]
    assert "NinthTile on Android, from 198.51.100.9" in mailoutbox[0].body


def test_where_from_is_in_the_security_log(phone):
    origin = events_named("user.signed_in")[0].origin

    assert (str(origin.address), origin.agent) == ("203.0.113.7", AGENT)


def test_signing_in_again_on_a_device_ends_its_former_tokens(user, phone):
    former = phone.access
    again = FakeAppClient()
    again.device = phone.device

    again.sign_in(user)

    assert Device.objects.count() == 1
    phone.access = former
    assert phone.api("me/").status_code == 401
    assert phone.renew().status_code == 400
    assert again.api("me/").status_code == 200


# When it ends


def end_on_the_page(user, staff):
    browser = Client()
    browser.force_login(user)
    browser.post(reverse("accounts:end_session", args=[Device.objects.get(app_session__isnull=False).uid]))


def end_everywhere_else(user, staff):
    browser = Client()
    browser.force_login(user)
    browser.post(reverse("accounts:sessions"))


def change_password_elsewhere(user, staff):
    browser = Client()
    browser.force_login(user)
    new = {"oldpassword": PASSWORD, "password1": "nine cones in a row"}
    browser.post(reverse("account_change_password"), new)


def another_password(user, staff):
    user.set_password("nine cones in a row")
    user.save(update_fields=["password"])


def close(user, staff):
    user_accounts.open_account(user_id=user.pk, by=Actor.person(staff), is_open=False)


def ban(user, staff):
    bans.ban(user=user, scope="all", reason="abuse", by=Actor.person(staff))


def ask_to_be_forgotten(user, staff):
    deletions.request_deletion(user_id=user.pk, by=Actor.person(user))


def lose_factors(user, staff):
    device_services.end_other_sessions(user=user)


@pytest.mark.parametrize(
    "end",
    [
        end_on_the_page,
        end_everywhere_else,
        change_password_elsewhere,
        another_password,
        close,
        ban,
        ask_to_be_forgotten,
        lose_factors,
    ],
)
def test_the_token_is_no_good_with_the_next_request(user, phone, staff, end):
    assert phone.api("me/").status_code == 200

    end(user, staff)

    refused = phone.api("me/", {"name": "Mine now"}, "patch")
    assert refused.status_code == 401
    assert refused["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert User.objects.get(pk=user.pk).name == user.name
    assert phone.renew().status_code == 400
    told = phone.get("account/email")
    assert (told.status_code, told.json()["errors"][0]["code"]) == (401, "invalid_token")
    assert no_event("user.reused_refresh_token")


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_set_up_in_the_app_ends_other_sessions_and_not_its_own(user):
    phone, other = FakeAppClient(), FakeAppClient("203.0.113.8")
    phone.sign_in(user)
    other.sign_in(user)
    secret = phone.get("account/authenticators/totp").json()["meta"]["secret"]
    code = code_now(secret)

    assert phone.send("account/authenticators/totp", {"code": code}).status_code == 200

    assert (phone.api("me/").status_code, other.api("me/").status_code) == (200, 401)
    assert [factor["type"] for factor in phone.get("account/authenticators").json()["data"]] == [
        "totp",
        "recovery_codes",
    ]
    assert phone.send("account/authenticators/totp", {"code": code}).status_code == 400
    assert Authenticator.objects.filter(type="totp").count() == 1
