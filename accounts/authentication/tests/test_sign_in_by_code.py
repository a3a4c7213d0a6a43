"""Sign in with a code from one's mail: who gets one, how often it works, what strangers learn."""

import re
from threading import Barrier

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth import get_user
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from accounts.authentication import locks
from accounts.authentication.forms.login import LoginCodeForm
from accounts.tests.factories import UserFactory
from core.testing import events_named

pytestmark = pytest.mark.django_db

MANY = 8
ASK, ENTER, FACTOR = (
    reverse(name) for name in ("account_request_login_code", "account_confirm_login_code", "mfa_authenticate")
)


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def code_in(mail):
    return re.search(r"^[B-Z]{4}-[B-Z]{4}$", mail.body, re.MULTILINE)[0]


def test_a_code_signs_in_where_it_was_asked_for(client, user, mailoutbox):
    assert client.post(ASK, {"email": "Known@example.com", "next": "/shop/"})["Location"] == f"{ENTER}?next=%2Fshop%2F"
    assert client.get(ENTER).status_code == 200

    answer = client.post(ENTER, {"code": code_in(mailoutbox[0]), "next": "/shop/"})

    assert answer["Location"] == "/shop/"
    assert get_user(client) == user
    assert len(events_named("user.signed_in")) == 1


def test_a_code_is_of_no_use_in_another_browser(client, client_of, user, mailoutbox):
    client.post(ASK, {"email": user.email})

    answer = client_of().post(ENTER, {"code": code_in(mailoutbox[0])})

    assert answer["Location"] == ASK


def test_a_code_does_not_replace_the_second_factor(client, user, mailoutbox):
    Authenticator.objects.create(user=user, type="totp", data={"secret": "sealed"})
    client.post(ASK, {"email": user.email})

    assert client.post(ENTER, {"code": code_in(mailoutbox[0])})["Location"] == FACTOR
    assert not get_user(client).is_authenticated


def test_three_wrong_codes_end_the_attempt(client, user, mailoutbox):
    client.post(ASK, {"email": user.email})
    for _ in range(3):
        client.post(ENTER, {"code": "BBBB-BBBB"})

    client.post(ENTER, {"code": code_in(mailoutbox[0])})

    assert not get_user(client).is_authenticated


def test_a_code_can_be_sent_again_and_the_last_one_counts(client, user, mailoutbox):
    client.post(ASK, {"email": user.email})
    client.post(ENTER, {"action": "resend"})

    client.post(ENTER, {"code": code_in(mailoutbox[1])})

    assert get_user(client) == user


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    @pytest.fixture
    def enter_at_once(self, user, mailoutbox, at_once):
        """Eight posts of one code from one browser; gives how many were signed in by it."""
        browser = Client()
        browser.post(ASK, {"email": user.email})
        code, session = code_in(mailoutbox[0]), browser.cookies["session"].value

        def enter(_):
            twin = Client()
            twin.cookies["session"] = session
            twin.post(ENTER, {"code": code})
            return get_user(twin).is_authenticated

        return lambda: sum(at_once(enter, many=MANY))

    def test_a_mailed_code_has_one_winner(self, enter_at_once):
        assert enter_at_once() == 1
        assert len(events_named("user.signed_in")) == 1

    def test_without_the_session_lock_a_mailed_code_would_have_many(self, enter_at_once, monkeypatch):
        """The control: all eight have found the code right before any of them goes on."""
        found, compare = Barrier(MANY), LoginCodeForm.clean_code
        monkeypatch.setattr(locks, "lock_session", lambda key: True)
        monkeypatch.setattr(LoginCodeForm, "clean_code", lambda form: (compare(form), found.wait(20))[0])

        assert enter_at_once() == MANY

    @pytest.fixture
    def use_at_once(self, user, at_once):
        """Eight uses of one recovery code, each of which read the row for itself; gives what each came to."""
        row = RecoveryCodes.activate(user).instance
        code = row.wrap().generate_codes()[0]
        return lambda: at_once(lambda _: Authenticator.objects.get(pk=row.pk).wrap().validate_code(code), many=MANY)

    def test_a_recovery_code_has_one_winner(self, use_at_once):
        assert sorted(use_at_once()) == [False] * (MANY - 1) + [True]

    def test_without_the_row_lock_a_recovery_code_would_have_many(self, use_at_once, monkeypatch):
        """The control: all eight have found the code unused before any of them uses it up."""
        found, use_up = Barrier(MANY), RecoveryCodes._mark_code_used
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
        monkeypatch.setattr(RecoveryCodes, "_mark_code_used", lambda *args: (found.wait(20), use_up(*args))[1])

        assert use_at_once() == [True] * MANY
