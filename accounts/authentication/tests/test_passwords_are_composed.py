"""A password is the same however a keyboard composes its letters."""

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from accounts.users.models import User

pytestmark = pytest.mark.django_db

COMPOSED = "seven kilns at d\u00fcsk"
DECOMPOSED = "seven kilns at du\u0308sk"


def by_page(user, password):
    return Client().post(reverse("account_login"), {"login": user.email, "password": password}).status_code == 302


def by_app(user, password):
    sent = {"email": user.email, "password": password}
    return Client().post("/_allauth/app/v1/auth/login", sent, content_type="application/json").status_code == 200


@pytest.mark.parametrize("sign_in", [by_page, by_app])
@pytest.mark.parametrize("kept", [COMPOSED, DECOMPOSED], ids=["set composed", "set decomposed"])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED], ids=["typed composed", "typed decomposed"])
def test_password_opens_in_either_form(sign_in, kept, typed):
    assert sign_in(UserFactory(password=kept), typed)


@pytest.mark.parametrize("sign_in", [by_page, by_app])
def test_password_kept_as_it_was_typed_before_still_opens(sign_in):
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(password=make_password(DECOMPOSED))

    assert sign_in(user, DECOMPOSED)
    assert not sign_in(user, COMPOSED + "x")


def test_reauthentication_and_change_take_either_form():
    user = UserFactory(password=COMPOSED)
    browser = Client()
    browser.force_login(user)

    browser.post(reverse("account_reauthenticate"), {"password": DECOMPOSED})
    changed = {"oldpassword": DECOMPOSED, "password1": "eight kilns at du\u0308sk"}
    browser.post(reverse("account_change_password"), changed)

    assert User.objects.get().check_password("eight kilns at d\u00fcsk")


@pytest.mark.parametrize("password", ["plain words here", COMPOSED])
def test_a_wrong_password_costs_one_hash(monkeypatch, password):
    user, hashed = UserFactory(), []
    monkeypatch.setattr("django.contrib.auth.base_user.check_password", lambda raw, *_rest: hashed.append(raw))

    assert not user.check_password(password)
    assert len(hashed) == 1


def test_no_password_stays_none():
    assert not UserFactory(password=None).has_usable_password()
