"""How many queries it takes from asking for the page of the door to being signed in."""

import pytest
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.permissions.models import Role
from accounts.tests.factories import PASSWORD, UserFactory
from core.testing import events_named

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_OUT = reverse("account_login"), reverse("account_logout")
MOST = 12
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")  # of transactions: they ask nothing


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def sign_in(browser, user):
    """The page, and the form on it; gives the queries of both."""
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(SIGN_IN).status_code == 200
        answer = browser.post(SIGN_IN, {"login": user.email, "password": PASSWORD})
    assert answer["Location"] == reverse("accounts:overview")
    assert get_user(browser) == user
    return [one["sql"] for one in seen if not one["sql"].startswith(FRAME)]


def told(queries):
    return f"{len(queries)} queries:\n" + "\n".join(query[:200] for query in queries)


def test_a_first_sign_in(user):
    queries = sign_in(Client(), user)

    assert len(queries) <= MOST, told(queries)


def test_in_a_new_browser_which_is_told_by_mail(user):
    sign_in(Client(), user)

    queries = sign_in(Client(), user)

    assert len(queries) <= MOST, told(queries)
    assert len(events_named("user.signed_in_on_new_device")) == 1


def test_in_a_browser_that_is_known(user):
    browser = Client()
    sign_in(browser, user)
    browser.post(SIGN_OUT)

    queries = sign_in(browser, user)

    assert len(queries) <= MOST, told(queries)
    assert not events_named("user.signed_in_on_new_device")


def test_in_a_known_browser_whose_session_was_not_ended(user):
    browser = Client()
    sign_in(browser, user)
    del browser.cookies["session"]

    queries = sign_in(browser, user)

    assert len(queries) <= MOST, told(queries)


def test_for_staff_too(user):
    user.is_staff = True
    user.save()
    user.groups.add(Role.objects.get(slug="support-agent").group)
    sign_in(Client(), user)

    queries = sign_in(Client(), user)

    assert len(queries) <= MOST, told(queries)
