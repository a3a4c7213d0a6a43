"""What is good once is good once for eight workers of a site too. What the locks keep away is shown by the controls
beside each thing's own tests."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts.api_keys import services as api_keys
from accounts.api_keys.models import ApiKey
from accounts.headless.tests.fake_app_client import FakeAppClient
from accounts.oauth.models import AccessToken
from accounts.oauth.tests.conftest import program_of
from accounts.tests.factories import UserFactory
from accounts.tests.processes import race
from core.context import Actor
from core.testing import events_named

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings(
        "ignore:This process:DeprecationWarning"
    ),  # newer Pythons warn of forking beside threads
]

ONE_OF_EIGHT = [200] + [400] * 7


@pytest.fixture
def user(db):
    return UserFactory(email="nora@example.com")


@pytest.fixture
def nora(user):
    browser = Client()
    browser.force_login(user)
    return browser


def test_one_authorization_code(nora):
    program = program_of(UserFactory())
    code = program.code(nora)

    assert sorted(race(lambda: program.redeem(code).status_code)) == ONE_OF_EIGHT
    assert AccessToken.objects.count() == 0  # the second that came ended what the first got


def test_one_refresh_token(nora):
    program = program_of(UserFactory())
    given = program.tokens(nora)

    assert sorted(race(lambda: program.refresh(given["refresh_token"]).status_code)) == ONE_OF_EIGHT


def test_one_refresh_token_of_an_app(user):
    phone = FakeAppClient()
    phone.sign_in(user)
    token = phone.refresh

    assert sorted(race(lambda: FakeAppClient().renew(token).status_code)) == ONE_OF_EIGHT


def test_one_mailed_code(user, mailoutbox):
    browser = Client()
    browser.post(reverse("account_request_login_code"), {"email": user.email})
    code = re.search(r"^[B-Z]{4}-[B-Z]{4}$", mailoutbox[0].body, re.MULTILINE)[0]
    session = browser.cookies["session"].value

    def enter():
        twin = Client()
        twin.cookies["session"] = session
        twin.post(reverse("account_confirm_login_code"), {"code": code})
        return get_user(twin).is_authenticated

    assert sorted(race(enter)) == [False] * 7 + [True]
    assert len(events_named("user.signed_in")) == 1


def test_one_recovery_code(user):
    row = RecoveryCodes.activate(user).instance
    code = row.wrap().generate_codes()[0]

    outcomes = race(lambda: Authenticator.objects.get(pk=row.pk).wrap().validate_code(code))

    assert sorted(outcomes) == [False] * 7 + [True]


def test_the_last_key_that_is_left(user):
    def make():
        given = {"name": "Script", "scopes": ["account:read"], "by": Actor.person(user)}
        return api_keys.add_key(user_id=user.pk, **given).key.name

    for _ in range(api_keys.MAX_KEYS - 1):
        make()

    assert sorted(race(make)) == ["Script"] + ["TooManyKeys"] * 7
    assert ApiKey.objects.count() == api_keys.MAX_KEYS
