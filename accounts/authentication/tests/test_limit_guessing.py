"""Guessing ends, for an address and for a network; a stranger who tries locks nobody out of their own browser."""

import re

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

SIGN_IN, ASK, ENTER = (
    reverse(name) for name in ("account_login", "account_request_login_code", "account_confirm_login_code")
)
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def browser_at(address):
    return Client(REMOTE_ADDR=address)


def sign_in(browser, user, password=PASSWORD):
    browser.post(SIGN_IN, {"login": user.email, "password": password})
    return get_user(browser).is_authenticated


def ask(browser, email):
    return browser.post(ASK, {"email": email}).status_code == 302


@pytest.fixture
def known_browser(user):
    browser = browser_at(HOME)
    sign_in(browser, user)
    browser.post(reverse("account_logout"))
    return browser


def test_strangers_who_guess_do_not_lock_the_password_in_a_known_browser(user, known_browser):
    for _ in range(6):
        sign_in(browser_at(ELSEWHERE), user, "wrong")

    assert not sign_in(browser_at(ELSEWHERE), user)
    assert sign_in(known_browser, user)


def test_a_password_that_strangers_closed_leaves_the_way_by_mail_open(user, mailoutbox):
    for _ in range(6):
        sign_in(browser_at(ELSEWHERE), user, "wrong")
    person = browser_at(HOME)
    assert not sign_in(person, user)

    assert ask(person, user.email)
    person.post(ENTER, {"code": re.search(r"^[B-Z]{4}-[B-Z]{4}$", mailoutbox[-1].body, re.MULTILINE)[0]})

    assert get_user(person) == user


def test_a_known_browser_may_not_guess_without_end_either(user, known_browser):
    for _ in range(5):
        sign_in(known_browser, user, "wrong")

    assert not sign_in(known_browser, user)


def test_the_cookie_of_another_account_makes_no_browser_known(user):
    other = UserFactory()
    browser = browser_at(ELSEWHERE)
    sign_in(browser, other)
    browser.post(reverse("account_logout"))
    for _ in range(5):
        sign_in(browser_at(HOME), user, "wrong")

    assert not sign_in(browser, user)


def test_codes_are_limited_for_a_network_and_others_still_get_theirs(user, mailoutbox):
    asked = [ask(browser_at(ELSEWHERE), user.email) for _ in range(6)]

    assert asked == [True] * 5 + [False]
    assert len(mailoutbox) == 5
    assert ask(browser_at(HOME), user.email)


def test_a_mailbox_is_not_flooded_from_many_networks_and_a_known_browser_still_gets_a_code(
    user, known_browser, mailoutbox
):
    asked = [ask(browser_at(f"198.51.100.{n}"), user.email) for n in range(21)]
    assert asked == [True] * 20 + [False]

    assert ask(known_browser, user.email)
    code = re.search(r"^[B-Z]{4}-[B-Z]{4}$", mailoutbox[-1].body, re.MULTILINE)[0]
    known_browser.post(ENTER, {"code": code})

    assert get_user(known_browser) == user


def test_an_unknown_address_is_limited_like_a_known_one(mailoutbox):
    asked = [ask(browser_at(ELSEWHERE), "nobody@example.com") for _ in range(6)]

    assert asked == [True] * 5 + [False]
    assert len(mailoutbox) == 5
