"""What guards an account in the hands of an app: the last of things stays, proof is asked for again, cookies do not count."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.data_requests.services import deletions
from accounts.headless.tests.fake_app_client import (
    APP,
    FakeAppClient,
    add_key,
    code_in,
    code_now,
    flows_of,
    must_have_a_factor,
    some_time_later,
    with_app,
)
from accounts.permissions.models import Role
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db


# What a role asks for


def test_who_must_have_a_factor_gets_nowhere_until_it_is_set_up(user):
    must_have_a_factor(user)
    phone = FakeAppClient()
    phone.sign_in(user)

    refused = phone.api("me/")
    assert (refused.status_code, refused.json()["code"]) == (403, "factor_missing")

    secret = phone.get("account/authenticators/totp").json()["meta"]["secret"]
    code = code_now(secret)
    phone.send("account/authenticators/totp", {"code": code})
    assert phone.api("me/").status_code == 200


def test_the_last_factor_of_such_a_person_stays(user):
    row = with_app(user)
    must_have_a_factor(user)
    phone = FakeAppClient()
    phone.sign_in(user)
    phone.send("auth/2fa/authenticate", {"code": code_now()})

    refused = phone.send("account/authenticators/totp", method="delete")

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "cannot_delete_authenticator")
    assert Authenticator.objects.get() == row
    assert no_event("user.removed_factor")


def test_of_two_keys_named_together_none_is_removed_and_of_one_the_other_stays(user, phone):
    must_have_a_factor(user)
    add_key(user, "key-1")
    add_key(user, "key-2")

    both = phone.send("account/authenticators/webauthn", {"authenticators": ["key-1", "key-2"]}, "delete")
    assert both.status_code == 409
    assert Authenticator.objects.count() == 2

    one = phone.send("account/authenticators/webauthn", {"authenticators": ["key-1"]}, "delete")
    assert one.status_code == 200
    assert [key["id"] for key in phone.get("account/authenticators").json()["data"]] == ["key-2"]


def test_keys_are_named_by_their_credential_and_others_are_not_there(user, phone):
    mine, other = add_key(user, "key-1"), add_key(UserFactory(), "key-9")

    renamed = phone.send("account/authenticators/webauthn", {"id": "key-1", "name": "On my desk"}, "put")
    for named in ({"id": "key-9", "name": "x"}, {"id": str(mine.pk), "name": "x"}, {"id": {}, "name": "x"}):
        assert phone.send("account/authenticators/webauthn", named, "put").status_code == 400
    for named in (["key-9"], [other.pk], [], "key-9", [["key-1"]], None):
        gone = phone.send("account/authenticators/webauthn", {"authenticators": named}, "delete")
        assert gone.status_code == 400, named

    assert renamed.json()["data"] | {"created_at": 0} == {
        "type": "webauthn", "created_at": 0, "last_used_at": None, "id": "key-1", "name": "On my desk",
        "is_passwordless": True,
    }  # fmt: skip
    assert Authenticator.objects.count() == 2


# What asks again


SENSITIVE = {
    "add an address": ("post", "account/email", {"email": "other@example.com"}),
    "make another address the first": ("patch", "account/email", {"email": "second@example.com", "primary": True}),
    "remove an address": ("delete", "account/email", {"email": "second@example.com"}),
    "remove a key": ("delete", "account/authenticators/webauthn", {"authenticators": ["key-1"]}),
    "rename a key": ("put", "account/authenticators/webauthn", {"id": "key-1", "name": "Mine"}),
    "ask to add a key": ("get", "account/authenticators/webauthn", None),
    "make recovery codes": ("post", "account/authenticators/recovery-codes", {}),
}


@pytest.mark.parametrize(("method", "path", "data"), SENSITIVE.values(), ids=SENSITIVE)
def test_what_guards_the_account_asks_again_after_five_minutes(user, phone, method, path, data):
    EmailAddress.objects.create(user=user, email="second@example.com", verified=True)
    add_key(user, "key-1") if "key" in str(data) else with_app(user)
    some_time_later(user)
    before = snapshot("mfa.Authenticator", "account.EmailAddress", "core.Event")

    asked = phone.send(path, data, method)

    assert asked.status_code == 401
    assert "reauthenticate" in flows_of(asked)
    assert snapshot("mfa.Authenticator", "account.EmailAddress", "core.Event") == before

    assert phone.send("auth/reauthenticate", {"password": "a wrong one"}).status_code == 400
    assert phone.send("auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    assert phone.send(path, data, method).status_code == 200


def test_a_first_password_asks_again_too(user, mailoutbox):
    with_app(user)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": user.email})
    phone.send("auth/code/confirm", {"code": code_in(mailoutbox[0])})
    phone.send("auth/2fa/authenticate", {"code": code_now()})
    some_time_later(user)

    refused = phone.send("account/password/change", {"new_password": "nine cones in a row"})

    assert refused.status_code == 401
    assert not User.objects.get().has_usable_password()


def test_who_has_nothing_to_say_it_by_signs_in_anew(user, mailoutbox):
    User.objects.filter(pk=user.pk).update(password="!none")
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": user.email})
    phone.send("auth/code/confirm", {"code": code_in(mailoutbox[0])})
    some_time_later(user)

    answers = [phone.send(*act) for act in (("account/email", {"email": "x@example.com"}), ("account/password/change", {"new_password": "nine cones in a row"}))]  # fmt: skip

    assert [answer.json()["errors"][0]["code"] for answer in answers] == ["sign_in_anew"] * 2
    assert EmailAddress.objects.count() == 1
    assert phone.api("me/api_keys/", {"name": "Till", "scopes": ["shop:read"]}, "post").json()["code"] == "sign_in_anew"


def test_the_api_asks_an_app_again_and_goes_on_when_it_was_told(user, phone):
    key = {"name": "Till", "scopes": ["shop:read"]}
    some_time_later(user)

    refused = phone.api("me/api_keys/", key, "post")
    assert (refused.status_code, refused.json()["code"]) == (403, "reauthentication_required")
    assert no_event("api_key.added")

    phone.send("auth/reauthenticate", {"password": PASSWORD})
    assert phone.api("me/api_keys/", key, "post").status_code == 201


def test_what_asks_staff_again_asks_them_in_an_app_too(staff):
    phone = FakeAppClient()
    assert phone.sign_in(staff, "clay-and-fire").status_code == 200
    webhook = {"url": "https://hooks.example/in", "events": ["order.paid"]}
    some_time_later(staff)

    refused = phone.api("webhooks/", webhook, "post")
    assert (refused.status_code, refused.json()["code"]) == (403, "reauthentication_required")
    assert no_event("webhook.added")
    assert phone.api("webhooks/").status_code == 200

    phone.send("auth/reauthenticate", {"password": "clay-and-fire"})
    assert phone.api("webhooks/", webhook, "post").status_code == 201


def test_the_address_that_is_written_to_is_not_removed(user, phone):
    refused = phone.send("account/email", {"email": user.email}, "delete")

    assert refused.status_code == 400
    assert EmailAddress.objects.get().email == user.email
    assert no_event("user.removed_address")


def test_a_sixth_address_is_refused(user, phone):
    for n in range(4):
        EmailAddress.objects.create(user=user, email=f"n{n}@example.com", verified=True)

    assert phone.send("account/email", {"email": "sixth@example.com"}).status_code == 400

    assert EmailAddress.objects.count() == 5


# Closing


def test_whoever_closes_the_account_may_only_take_that_back(user):
    deletions.request_deletion(user_id=user.pk, by=Actor.person(user))
    phone = FakeAppClient()
    phone.sign_in(user)

    refused = phone.api("me/")
    shut = phone.get("account/email")

    assert (refused.status_code, refused.json()["code"]) == (403, "account_closing")
    assert (shut.status_code, shut.json()["errors"][0]["code"]) == (403, "account_closing")
    assert phone.api("me/closing/").status_code == 200
    assert phone.renew().status_code == 200
    assert phone.api("me/closing/", method="delete").status_code == 204
    phone.send("auth/session", method="delete")
    phone.access = ""
    phone.sign_in(user)
    assert phone.api("me/").status_code == 200


# Whose cookies, whose tokens


def test_a_browsers_session_opens_nothing_for_an_app(user):
    browser = Client()
    browser.force_login(user)

    told = browser.get(f"{APP}auth/session")
    forged = browser.post(
        f"{APP}account/email", json.dumps({"email": "x@example.com"}), content_type="application/json"
    )

    assert (told.status_code, forged.status_code) == (401, 409)
    assert browser.session["_auth_user_id"] == str(user.pk)
    assert EmailAddress.objects.count() == 1


def test_the_key_of_a_persons_session_is_no_token(user):
    browser = Client()
    browser.force_login(user)

    told = browser.get(f"{APP}account/email", headers={"x-session-token": browser.session.session_key})
    basic = browser.get(
        f"{APP}account/email",
        headers={"x-session-token": browser.session.session_key, "authorization": "Basic eDp5"},
    )

    assert (told.status_code, basic.status_code) == (410, 410)


MARKS = {"impersonation": "019a9f2e-7b6c-7d8e-9fa0-b1c2d3e4f5a6", "closing": True, "factor_missing": True}


@pytest.mark.parametrize("mark", MARKS)
def test_what_a_browsers_session_is_held_to_neither_opens_nor_shuts_anything_for_an_app(user, staff, mark):
    browser = Client()
    browser.force_login(staff)
    session = browser.session
    session[mark] = MARKS[mark]
    session.save()

    told = browser.get(f"{APP}auth/session")
    signed_in = browser.post(
        f"{APP}auth/login", json.dumps({"email": user.email, "password": PASSWORD}), content_type="application/json"
    )

    assert (told.status_code, signed_in.status_code) == (401, 200)
    assert signed_in.json()["data"]["user"]["id"] == str(user.uid)
    assert [(event.actor_id, event.impersonator_id) for event in events_named("user.signed_in")] == [
        (str(user.uid), "")
    ]


def test_a_role_that_is_taken_is_gone_with_the_next_request(user, phone, staff):
    must_have_a_factor(user)
    with_app(user)
    assert phone.api("security_log/").status_code == 403
    user.groups.add(Role.objects.get(slug="owner").group)
    assert phone.api("security_log/").status_code == 200
    user.groups.clear()
    assert phone.api("security_log/").status_code == 403


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'{"email": "\\ud800"}', b"[" * 100_000, b"\xff"])
def test_what_nobody_can_read_is_a_400(body):
    http = Client(REMOTE_ADDR="203.0.113.7")

    answer = http.post(f"{APP}auth/login", body, content_type="application/json")

    assert answer.status_code == 400


def test_an_address_of_no_endpoint_is_answered_for_a_program():
    for path in ("browser/v1/auth/login", "app/v1/auth/phone/verify", "app/v1/auth/provider/token", "openapi.html"):
        answer = Client().get(f"/_allauth/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
