"""Where a person is signed in: what they see, what they end, which changes end other sessions, what is told by mail."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.authentication.services import accounts as user_accounts
from accounts.sessions import devices, services
from accounts.sessions import tasks as session_tasks
from accounts.sessions.models import Device
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

SIGN_IN, SESSIONS, CHANGE = (
    reverse(name) for name in ("account_login", "accounts:sessions", "account_change_password")
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def sign_in(user, agent=FIREFOX, address="203.0.113.7", browser=None):
    browser = browser or Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    browser.post(SIGN_IN, {"login": user.email, "password": PASSWORD})
    return browser


def is_in(browser):
    return get_user(browser).is_authenticated


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (PHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        (FIREFOX.replace("X11; Linux x86_64", "Windows NT 10.0"), "Firefox on Windows"),
        ("curl/8.5.0", "An unknown browser"),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_called_by_its_name(agent, name):
    assert devices.get_browser_name(agent) == name


def test_a_person_sees_where_they_are_signed_in(user):
    here = sign_in(user)
    sign_in(user, PHONE, "2001:db8:1:2:3::4")

    page = here.get(SESSIONS).content.decode()

    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert "2001:db8:1:2::/64" in page
    assert page.count("This device") == 1
    assert page.count("Sign out<span") == 1


def test_one_session_is_ended(user):
    here, there = sign_in(user), sign_in(user, PHONE)
    phone = Device.objects.get(browser="Safari on iPhone")

    here.post(reverse("accounts:end_session", args=[phone.uid]))

    assert (is_in(here), is_in(there)) == (True, False)
    assert "Safari on iPhone" not in here.get(SESSIONS).content.decode()
    assert [event.data for event in events_named("user.ended_session")] == [{"device": str(phone.uid)}]


def test_a_session_of_somebody_else_is_not_there(user):
    other = sign_in(UserFactory(), PHONE)

    answer = sign_in(user).post(
        reverse("accounts:end_session", args=[Device.objects.get(browser__contains="iPhone").uid])
    )

    assert answer.status_code == 404
    assert is_in(other)
    assert no_event("user.ended_session")


def test_all_others_are_ended_also_those_nobody_knows(user):
    here, there, unknown = sign_in(user), sign_in(user, PHONE), Client()
    unknown.force_login(user)

    here.post(SESSIONS)

    assert [is_in(browser) for browser in (here, there, unknown)] == [True, False, False]
    assert Device.objects.signed_in().count() == 1
    assert len(events_named("user.ended_other_sessions")) == 1
    assert here.get(SESSIONS).content.decode().count("This device") == 1


def change_password(here, user):
    here.post(CHANGE, {"oldpassword": PASSWORD, "password1": "nine cones in a row"})


def remove_app(here, user):
    url = reverse("mfa_deactivate_totp")
    here.post(url)
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("change", [change_password, remove_app])
def test_what_guards_the_account_changes_and_other_sessions_end(user, change):
    here, there = sign_in(user), sign_in(user, PHONE)
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")

    change(here, user)

    assert (is_in(here), is_in(there)) == (True, False)
    assert [device.browser for device in Device.objects.signed_in()] == ["Firefox on Linux"]


def test_a_closed_account_has_no_sessions_even_when_it_is_opened_again(user, staff):
    here = sign_in(user)
    by = Actor.person(staff)

    user_accounts.open_account(user_id=user.pk, by=by, is_open=False)
    assert not is_in(here)
    user_accounts.open_account(user_id=user.pk, by=by, is_open=True)

    assert not is_in(here)
    assert not Device.objects.signed_in().exists()


def test_a_new_browser_is_told_by_mail_the_first_and_a_known_one_are_not(user, deliver_events, mailoutbox):
    here = sign_in(user)
    here.post(reverse("account_logout"))
    sign_in(user, browser=here)
    deliver_events()
    assert no_event("user.signed_in_on_new_device")

    sign_in(user, PHONE, "198.51.100.9")
    deliver_events()

    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([user.email], "New sign-in to your account")]
    assert "Safari on iPhone, from 198.51.100.9" in mailoutbox[0].body
    assert "/account/sessions/" in mailoutbox[0].body
    phone = Device.objects.get(browser="Safari on iPhone")
    assert [event.data for event in events_named("user.signed_in_on_new_device")] == [{"device": str(phone.uid)}]


def test_signing_in_again_in_one_browser_leaves_one_session(user):
    here = sign_in(user)
    old = here.cookies["session"].value
    del here.cookies["session"]

    sign_in(user, browser=here)

    assert Device.objects.count() == 1
    assert not Session.objects.filter(session_key=old).exists()


def test_the_cookie_is_not_kept_in_words(user):
    here = sign_in(user)

    cookie = here.cookies["device"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie.value not in str(Device.objects.values().get())


def test_use_is_noted_every_ten_minutes(user, monkeypatch):
    here = sign_in(user)
    before = Device.objects.get().last_seen_at
    here.get(SESSIONS)
    assert Device.objects.get().last_seen_at == before

    later = timezone.now() + timedelta(minutes=11)
    monkeypatch.setattr(timezone, "now", lambda: later)
    here.get(SESSIONS)

    assert Device.objects.get().last_seen_at == later


def test_old_sessions_and_devices_are_forgotten(user):
    here = sign_in(user)
    sign_in(user, PHONE)
    Session.objects.filter(session_key=here.cookies["session"].value).update(expire_date=timezone.now())
    long_ago = timezone.now() - services.DEVICE_RETENTION - timedelta(days=1)
    Device.objects.filter(browser="Firefox on Linux").update(first_seen_at=long_ago, last_seen_at=long_ago)

    session_tasks.forget_sessions()

    assert [device.browser for device in Device.objects.all()] == ["Safari on iPhone"]
    assert Session.objects.count() == 1


@pytest.mark.parametrize("many", [1, 24])
def test_the_page_costs_the_same_for_many_sessions(user, django_assert_max_num_queries, many):
    here = sign_in(user)
    for n in range(many):
        key = f"session{n}"
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + timedelta(days=1))
        Device.objects.create(user=user, mark=f"{n:064}", session_key=key, browser="Some", network="203.0.113.7")

    with django_assert_max_num_queries(4):
        page = here.get(SESSIONS)

    assert page.content.decode().count("Sign out<span") == many


def test_from_the_page_to_being_signed_in_in_a_new_browser_takes_sixteen_queries(user, client):
    sign_in(user, PHONE)

    with CaptureQueriesContext(connection) as asked:
        client.get(SIGN_IN)
        client.post(SIGN_IN, {"login": user.email, "password": PASSWORD})

    statements = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    assert len(statements) <= 16, statements
    assert get_user(client) == User.objects.get()
