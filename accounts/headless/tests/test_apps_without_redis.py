"""Without Redis nobody can count attempts: no app gets in, and which is in stays in."""

import pytest

from accounts.headless.tests.fake_app_client import FakeAppClient
from accounts.users.models import User
from core.testing import no_event, redis_at, snapshot

pytestmark = pytest.mark.django_db

SHUT = {
    "sign in": ("auth/login", {"email": "nora@example.com", "password": "seven kilns at dusk"}),
    "sign up": ("auth/signup", {"email": "new@example.com", "password": "nine cones in a row"}),
    "ask for a code": ("auth/code/request", {"email": "nora@example.com"}),
    "reset": ("auth/password/request", {"email": "nora@example.com"}),
}


@pytest.mark.parametrize(("path", "data"), SHUT.values(), ids=SHUT)
def test_the_doors_stay_shut(path, data, user, without_redis, mailoutbox):
    phone = FakeAppClient()
    phone.http.raise_request_exception = False
    before = snapshot("accounts.User", "accounts.Device", "core.Event")

    answer = phone.send(path, data)

    assert answer.status_code in (400, 503)
    assert phone.access == ""
    assert mailoutbox == []
    assert snapshot("accounts.User", "accounts.Device", "core.Event") == before


def test_who_is_in_acts_and_refreshes_and_may_leave(user, settings):
    phone = FakeAppClient()
    phone.sign_in(user)

    with redis_at("127.0.0.1:1", settings):
        acted = phone.api("me/", {"name": "Nora Quist"}, "patch")
        refreshed = phone.renew()
        left = phone.send("auth/session", method="delete")

    assert (acted.status_code, refreshed.status_code, left.status_code) == (200, 200, 401)
    assert User.objects.get().name == "Nora Quist"
    assert no_event("user.reused_refresh_token")
    assert phone.renew().status_code == 400


def test_answers_are_kept_by_nobody(user):
    phone = FakeAppClient()
    answers = [phone.sign_in(user), phone.get("account/email"), phone.renew("a.b.c"), phone.send("auth/nothing", {})]
    answers.append(phone.http.trace("/_allauth/app/v1/auth/login"))

    assert all("no-store" in answer["Cache-Control"] for answer in answers if answer.status_code != 404)
