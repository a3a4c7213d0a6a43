"""A refresh token is good once, whoever is at it how often, and whatever happens at the same moment."""

from threading import Barrier
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.authentication import queries as app_queries
from accounts.authentication.app_tokens import AppToken, TokenUse, read_token
from accounts.authentication.services import app_sessions
from accounts.headless import strategy
from accounts.headless.tests.fake_app_client import FakeAppClient, code_in
from accounts.sessions import services as devices
from accounts.sessions.models import Device, DeviceQuerySet
from accounts.users.models import User
from core import testing
from core.context import Actor
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_eight_that_refresh_at_once_one_gets_tokens(phone):
    token = phone.refresh

    answers = testing.race(*[lambda: FakeAppClient().renew(token)] * 8)

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert len([answer for answer in answers if "access_token" in answer.json().get("data", {})]) == 1


def test_a_retry_that_came_before_the_answer_is_refused_and_ends_nothing(phone):
    token, began = read_token(TokenUse.REFRESH, phone.refresh), timezone.now()
    assert phone.renew().status_code == 200

    assert app_sessions.rotate_refresh_token(used=token, began=began) is None

    assert phone.api("me/").status_code == 200
    assert phone.renew().status_code == 200
    assert no_event("user.reused_refresh_token")


def test_without_the_lock_several_would_get_tokens(phone, monkeypatch):
    """The control: all have read the device before one of them writes."""
    token, read, renewed = phone.refresh, Barrier(4), app_queries.get_app_session
    monkeypatch.setattr(DeviceQuerySet, "locked", lambda self: self.order_by("pk"))
    monkeypatch.setattr(app_queries, "get_app_session", lambda *given: (read.wait(10), renewed(*given))[1])

    answers = testing.race(*[lambda: FakeAppClient().renew(token).status_code] * 4)

    assert answers.count(200) > 1


def test_of_the_thief_and_the_app_whoever_comes_second_ends_it_for_both(phone, user):
    stolen, thief = phone.refresh, FakeAppClient("198.51.100.9")
    assert thief.renew(stolen).status_code == 200

    assert phone.renew().status_code == 400

    for one in (phone, thief):
        assert one.api("me/").status_code == 401
        assert one.renew().status_code == 400
    assert not Session.objects.exists()
    assert Device.objects.get().session_key == ""
    assert len(events_named("user.reused_refresh_token")) == 1
    assert phone.sign_in(user).status_code == 401, "the app still sends its dead token"
    phone.access = ""
    assert phone.sign_in(user).status_code == 200


def test_the_person_is_told_once_by_mail_however_often_the_token_comes(
    phone, user, deliver_events, mailoutbox, settings
):
    settings.MAIL_INSIDE_TRANSACTION = True
    stolen = phone.refresh
    phone.renew()

    for _ in range(3):
        assert FakeAppClient("198.51.100.9").renew(stolen).status_code == 400
    deliver_events()

    assert len(events_named("user.reused_refresh_token")) == 1
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == ([user.email], "An app was signed out of your account")
    for body in (letter.body, letter.alternatives[0][0]):
        assert "“NinthTile on Android” used a token that had already been used." in body
        assert f"{settings.SITE_URL}/account/sessions/" in body


def test_a_session_that_is_ended_while_it_is_refreshed_stays_ended(phone, user):
    device, token = Device.objects.get(), phone.refresh

    def end():
        devices.end_device_session(user_id=user.pk, uid=device.uid, by=Actor.person(user))

    testing.race(lambda: FakeAppClient().renew(token), end)

    assert phone.api("me/").status_code == 401
    assert not Session.objects.exists()


def test_of_eight_that_enter_one_mailed_code_at_once_one_is_signed_in(user, mailoutbox, settings):
    settings.MAIL_INSIDE_TRANSACTION = True
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": user.email})
    code = code_in(mailoutbox[0])

    def enter():
        twin = FakeAppClient()
        twin.steps = phone.steps
        return twin.send("auth/code/confirm", {"code": code}).status_code

    answers = testing.race(*[enter] * 8)

    assert answers.count(200) == 1
    assert set(answers) <= {200, 409, 410}
    assert len(events_named("user.signed_in")) == 1


def test_of_eight_guesses_at_once_three_are_looked_at(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": user.email})

    def guess():
        twin = FakeAppClient()
        twin.steps = phone.steps
        return twin.send("auth/code/confirm", {"code": "BBBB-BBBB"}).status_code

    assert testing.race(*[guess] * 8).count(400) == 3


def test_of_four_sign_ups_of_one_address_at_once_one_makes_the_account():
    given = {"email": "new@example.com", "password": "nine cones in a row"}

    answers = testing.race(*[lambda: FakeAppClient().send("auth/signup", given).status_code] * 4)

    assert set(answers) <= {401, 429}
    assert User.objects.filter(email="new@example.com").count() == 1
    assert len(events_named("user.signed_up")) == 1


def test_the_pair_is_of_one_session():
    token = AppToken(uuid4(), uuid4(), uuid4())
    access, refresh = strategy.issue_token_pair(token)

    assert read_token(TokenUse.ACCESS, access) == read_token(TokenUse.REFRESH, refresh) == token
