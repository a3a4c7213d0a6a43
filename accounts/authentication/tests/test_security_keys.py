"""Passkeys and security keys: who may rename and remove them, what a made-up answer gets. A real one signs in in
tests/e2e/test_passkeys.py."""

import base64
import json
from threading import Barrier

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts.authentication import locks, mfa
from accounts.permissions.models import Role
from accounts.tests.factories import PASSWORD, UserFactory
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

ADD, PASSKEY, SECURITY, SIGN_IN = (
    reverse(name) for name in ("mfa_add_webauthn", "mfa_login_webauthn", "accounts:security", "account_login")
)


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def add_key(user, credential="key-1"):
    data = {"name": "My phone", "credential": {"id": credential, "clientExtensionResults": {"credProps": {"rk": True}}}}
    return Authenticator.objects.create(user=user, type="webauthn", data=data)


def prove_oneself(browser, url):
    asked = browser.get(url)["Location"]
    browser.post(asked, {"password": PASSWORD, "next": url})


def test_a_key_is_asked_for_under_the_public_id_and_the_name_of_the_house(client, user, settings):
    client.force_login(user)
    prove_oneself(client, ADD)

    asked = client.get(ADD).context["js_data"]["creation_options"]["publicKey"]

    assert asked["rp"] == {"id": "testserver", "name": settings.SITE_NAME}
    assert asked["user"]["id"] == base64.urlsafe_b64encode(user.uid.bytes).rstrip(b"=").decode()
    assert asked["user"]["name"] == user.email


def test_a_key_in_which_nothing_can_be_read_is_refused(client, user):
    client.force_login(user)
    prove_oneself(client, ADD)
    broken = {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "x"}}

    answers = [client.post(ADD, {"name": "x", "credential": json.dumps(given)}) for given in (broken, {}, [], 7)]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert not Authenticator.objects.exists()


def test_a_key_is_renamed(client, user):
    add_key(user)
    url = reverse("mfa_edit_webauthn", args=["key-1"])
    client.force_login(user)
    prove_oneself(client, url)

    assert client.post(url, {"name": "The one on my desk"})["Location"] == SECURITY

    assert mfa.get_mfa_methods(user).keys[0].name == "The one on my desk"


def test_a_key_is_removed_and_told(client, user, mailoutbox):
    add_key(user)
    url = reverse("mfa_remove_webauthn", args=["key-1"])
    client.force_login(user)
    prove_oneself(client, url)
    assert "My phone" in client.get(url).content.decode()

    client.post(url)

    assert not Authenticator.objects.exists()
    assert [event.data for event in events_named("user.removed_factor")] == [{"factor": "webauthn"}]
    assert [mail.subject for mail in mailoutbox] == ["A passkey or security key was removed"]


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
def test_a_key_of_somebody_else_is_not_there(client, user, name):
    add_key(UserFactory())
    url = reverse(name, args=["key-1"])
    client.force_login(user)
    client.post(client.get(url)["Location"], {"password": PASSWORD})

    answer = client.post(url, {"name": "Mine"})

    assert answer.status_code == 404
    assert Authenticator.objects.get().data["name"] == "My phone"
    assert no_event("user.removed_factor")


def test_of_two_keys_one_stays_with_whom_the_role_asks_for_it(client, user):
    user.groups.add(Role.objects.get(slug="author").group)
    add_key(user, "key-1")
    add_key(user, "key-2")
    client.force_login(user)
    first, second = (reverse("mfa_remove_webauthn", args=[name]) for name in ("key-1", "key-2"))
    prove_oneself(client, first)
    client.post(first)
    client.post(second)

    assert [key.credential for key in mfa.get_mfa_methods(user).keys] == ["key-2"]
    assert len(events_named("user.removed_factor")) == 1


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    @pytest.fixture
    def remove_both(self, client, user, at_once):
        """Two posts from one browser that remove the two last keys; gives how many keys stay."""
        user.groups.add(Role.objects.get(slug="author").group)
        urls = [
            reverse("mfa_remove_webauthn", args=[add_key(user, f"key-{n}").data["credential"]["id"]]) for n in (1, 2)
        ]
        client.force_login(user)
        prove_oneself(client, urls[0])

        def remove(n):
            twin = Client()
            twin.cookies["session"] = client.cookies["session"].value
            twin.post(urls[n])

        def run():
            at_once(remove, many=2)
            return len(mfa.get_mfa_methods(user).keys)

        return run

    def test_one_of_the_two_last_keys_stays(self, remove_both):
        assert remove_both() == 1

    def test_without_the_lock_on_the_person_none_would_stay(self, remove_both, monkeypatch):
        """The control: both have found another key before either removes one."""
        found, allow = Barrier(2), mfa.MfaAdapter.can_delete_authenticator
        monkeypatch.setattr(locks, "lock_user", lambda user_id: None)
        monkeypatch.setattr(
            mfa.MfaAdapter, "can_delete_authenticator", lambda *given: (allow(*given), found.wait(10))[0]
        )

        assert remove_both() == 0


def test_the_sign_in_page_is_told_what_to_ask_the_browser_for(client):
    asked = client.get(PASSKEY, headers={"accept": "application/json"}).json()["request_options"]["publicKey"]

    assert asked["userVerification"] == "required"
    assert asked.get("allowCredentials", []) == []
    assert len(asked["challenge"]) > 40


def made_up(handle):
    return {
        "id": "a2V5LTE",
        "rawId": "a2V5LTE",
        "type": "public-key",
        "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": handle},
    }


@pytest.mark.parametrize(
    "answer", ["", "null", "[]", "{}", '"x"', '{"response": null}', json.dumps(made_up("AAAA")), json.dumps(made_up(7))]
)
def test_a_made_up_answer_gets_nobody_in_and_breaks_nothing(client, user, answer):
    client.get(PASSKEY, headers={"accept": "application/json"})

    done = client.post(PASSKEY, {"credential": answer})

    assert done["Location"] == SIGN_IN
    assert not get_user(client).is_authenticated


def test_made_up_answers_for_a_person_do_not_lock_them_out(client_of, user):
    handle = base64.urlsafe_b64encode(user.uid.bytes).rstrip(b"=").decode()
    stranger = client_of()
    for _ in range(8):
        stranger.post(PASSKEY, {"credential": json.dumps(made_up(handle))})

    known = client_of()
    known.post(SIGN_IN, {"login": user.email, "password": PASSWORD})

    assert get_user(known) == user
