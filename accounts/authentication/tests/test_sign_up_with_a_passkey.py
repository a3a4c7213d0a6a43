"""Sign up with a passkey: the address is proven by a code, then the device makes a passkey. A real one is made
in tests/e2e/test_passkeys.py."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

SIGN_UP, KEY = reverse("account_signup_by_passkey"), reverse("mfa_signup_webauthn")
CONFIRM, OVERVIEW = reverse("account_email_verification_sent"), reverse("accounts:overview")


def with_code(client):
    client.post(SIGN_UP, {"email": "new@example.com"})
    code = re.search(r"^[A-Z0-9]+-?[A-Z0-9]+$", mail.outbox[-1].body, re.MULTILINE)
    return client.post(CONFIRM, {"code": code[0]})


def test_after_the_code_the_device_is_asked_for_a_passkey_that_opens_the_account_alone(client, settings):
    answer = with_code(client)
    options = client.get(KEY).context["js_data"]["creation_options"]["publicKey"]

    user = User.objects.get()
    assert answer["Location"] == KEY
    assert (user.email, user.has_usable_password()) == ("new@example.com", False)
    assert options["user"]["name"] == user.email
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["rp"]["name"] == settings.SITE_NAME


def test_before_the_passkey_is_made_nobody_is_signed_in(client):
    with_code(client)

    assert client.get(OVERVIEW).status_code == 302
    assert no_event("user.signed_in")


def test_a_made_up_passkey_is_refused(client):
    with_code(client)

    answer = client.post(KEY, {"name": "Mine", "credential": "{}"})

    assert answer.status_code == 200
    assert not Authenticator.objects.exists()
    assert client.get(OVERVIEW).status_code == 302


def test_nobody_comes_to_that_page_without_a_code(client):
    assert client.get(KEY).status_code == 302
    client.post(SIGN_UP, {"email": "new@example.com"})
    assert client.get(KEY).status_code == 302
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_known_address_gets_the_same_answer_and_a_mail(client):
    UserFactory(email="known@example.com")

    known = client.post(SIGN_UP, {"email": "known@example.com"})
    unknown = Client().post(SIGN_UP, {"email": "unknown@example.com"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert User.objects.filter(email="known@example.com").count() == 1
    assert len(events_named("user.signed_up")) == 1


def test_a_closed_house_takes_nobody_new(client, settings):
    settings.SIGNUP_OPEN = False

    client.post(SIGN_UP, {"email": "new@example.com"})

    assert not User.objects.exists()


def test_the_way_is_on_the_page_where_accounts_are_made(client):
    assert f'href="{SIGN_UP}"' in client.get(reverse("account_signup")).content.decode()
