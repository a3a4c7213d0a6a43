"""Without Redis nobody can count attempts: the doors stay shut, kindly, and who is inside stays inside."""

import time

import pytest
from django.contrib.auth import get_user
from django.urls import reverse

from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core import circuit_breaker
from core.testing import no_event, snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_redis")]

SIGN_UP, SIGN_IN, RESET = (reverse(name) for name in ("account_signup", "account_login", "account_reset_password"))


@pytest.fixture
def visitor(client):
    """Somebody who sees the site's own page when something breaks."""
    client.raise_request_exception = False
    return client


def shut(answer):
    """Whether an answer says kindly that this does not work right now, and when to come back."""
    words = "Part of this site is temporarily unavailable."
    return (answer.status_code, answer["Retry-After"], words in answer.content.decode()) == (503, "10", True)


def test_the_right_password_does_not_open(visitor):
    UserFactory(email="ada@example.com")

    answer = visitor.post(SIGN_IN, {"login": "ada@example.com", "password": PASSWORD})

    assert shut(answer)
    assert not get_user(visitor).is_authenticated
    assert no_event("user.signed_in")


def test_nobody_signs_up(visitor, mailoutbox):
    answer = visitor.post(SIGN_UP, {"email": "new@example.com", "password1": PASSWORD})

    assert shut(answer)
    assert not User.objects.exists()
    assert mailoutbox == []


def test_no_way_back_is_mailed(visitor, mailoutbox):
    UserFactory(email="ada@example.com")
    before = snapshot("accounts.User")

    answer = visitor.post(RESET, {"email": "ada@example.com"})

    assert shut(answer)
    assert mailoutbox == []
    assert snapshot("accounts.User") == before


def test_it_says_nothing_about_who_is_here(visitor):
    UserFactory(email="ada@example.com")

    answers = [visitor.post(RESET, {"email": address}) for address in ("ada@example.com", "nobody@example.com")]

    assert [shut(answer) for answer in answers] == [True, True]


@pytest.mark.parametrize("page", [SIGN_UP, SIGN_IN, RESET])
def test_the_forms_are_shown(visitor, page):
    assert visitor.get(page).status_code == 200


def test_who_is_signed_in_stays_so_and_may_leave(visitor, customer):
    visitor.force_login(customer)

    overview = visitor.get(reverse("accounts:overview"))
    left = visitor.post(reverse("account_logout"))

    assert (overview.status_code, left.status_code) == (200, 302)
    assert not get_user(visitor).is_authenticated


def test_a_program_without_credentials_reads_on_uncounted(api):
    answer = api.get("/api/v1/posts/")

    assert answer.status_code == 200
    assert answer["RateLimit"] == '"api";r=120;t=10'


def test_a_redis_that_hangs_shuts_the_door_after_one_time_out(visitor, silent_redis):
    UserFactory(email="ada@example.com")
    started = time.monotonic()

    answers = [visitor.post(SIGN_IN, {"login": "ada@example.com", "password": PASSWORD}) for _ in range(3)]

    assert [shut(answer) for answer in answers] == [True] * 3
    assert silent_redis.connections <= 1 + (time.monotonic() - started) // circuit_breaker.PAUSE_SECONDS
