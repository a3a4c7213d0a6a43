"""A banned network: nobody writes from it, nobody new comes in but staff, and nobody finds anything out at the door."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.bans import services as bans
from accounts.impersonation.tests.conftest import with_role
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor
from core.events.models import EventOrigin
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_UP = "/account/login/", "/account/signup/"
HERE, ELSEWHERE = "203.0.113.77", "203.0.114.77"


@pytest.fixture
def user():
    return UserFactory(email="nora@example.com")


@pytest.fixture
def banned(staff):
    return bans.ban(by=Actor.person(staff), network="203.0.113.0/24", scope="all", reason="spam")


def browser(address=HERE):
    return Client(REMOTE_ADDR=address)


def sign_in(client, email, password=PASSWORD):
    return client.post(SIGN_IN, {"login": email, "password": password})


@pytest.mark.usefixtures("banned")
def test_nobody_comes_in_from_it_and_all_are_told_the_same(user):
    tried = {
        "right": (user.email, PASSWORD),
        "wrong": (user.email, "wrong horse"),
        "unknown": ("nobody@example.com", "wrong horse"),
    }

    answers = {}
    for name, (email, password) in tried.items():
        client = browser()
        answer = sign_in(client, email, password)
        answers[name] = (answer.status_code, answer.content, sorted(client.cookies))
        assert not get_user(client).is_authenticated

    assert answers["right"] == answers["wrong"] == answers["unknown"]
    assert answers["right"][0] == 403
    assert b"Signing in and creating accounts is blocked from your network permanently." in answers["right"][1]
    assert no_event("user.signed_in")


@pytest.mark.usefixtures("banned")
def test_who_asks_from_elsewhere_comes_in(user):
    client = browser(ELSEWHERE)

    sign_in(client, user.email)

    assert get_user(client).is_authenticated


def test_it_is_told_until_when_and_over_then(user, staff):
    until = timezone.now() + timedelta(days=2)
    bans.ban(by=Actor.person(staff), network=HERE, scope="all", reason="spam", until=until)

    refused = sign_in(browser(), user.email)
    bans.unban(ban_uid=staff_ban().uid, by=Actor.person(staff))
    client = browser()
    sign_in(client, user.email)

    assert "blocked from your network until" in refused.content.decode()
    assert get_user(client).is_authenticated


def staff_ban():
    from accounts.bans.models import Ban

    return Ban.objects.get()


@pytest.mark.usefixtures("banned")
@pytest.mark.parametrize("email", ["new@example.com", "nora@example.com"])
def test_no_account_is_made_from_it_and_no_mail_sent(user, email):
    before = snapshot("accounts.User", "account.EmailAddress")

    answer = browser().post(SIGN_UP, {"email": email, "password1": "a long row of nine kilns"})

    assert answer.status_code == 403
    assert "Signing in and creating accounts is blocked" in answer.content.decode()
    assert snapshot("accounts.User", "account.EmailAddress") == before
    assert mail.outbox == []
    assert no_event("user.signed_up")


@pytest.mark.usefixtures("banned")
def test_no_account_with_a_passkey_either():
    answer = browser().post("/account/signup/passkey/", {"email": "new@example.com"})

    assert answer.status_code == 403
    assert not User.objects.filter(email="new@example.com").exists()
    assert mail.outbox == []


@pytest.mark.usefixtures("banned")
def test_staff_come_in_from_their_own_line_and_can_end_the_ban():
    from accounts.permissions.models import Role

    Role.objects.update(requires_mfa=False)
    owner, client = with_role("owner"), browser()

    wrong = sign_in(browser(), owner.email, "wrong horse")
    sign_in(client, owner.email)

    assert wrong.status_code == 403
    assert get_user(client) == owner
    assert bans.unban(ban_uid=staff_ban().uid, by=Actor.person(owner))


def test_who_has_a_role_writes_from_it_and_others_do_not(user, banned):
    agent = with_role("support-agent")

    bans.require_not_banned(by=Actor.person(agent), scope="comment", network=HERE)
    with pytest.raises(bans.Banned):
        bans.require_not_banned(by=Actor.person(user), scope="comment", network=HERE)


def test_a_ban_from_a_part_leaves_the_door_open(user, staff):
    bans.ban(by=Actor.person(staff), network=HERE, scope="comment", reason="spam")
    client = browser()

    sign_in(client, user.email)

    assert get_user(client).is_authenticated


@pytest.mark.usefixtures("banned")
def test_it_is_noted_once_in_a_while_with_the_address_and_without_a_name(user):
    for _ in range(3):
        sign_in(browser(), user.email)

    (noted,) = events_named("ban.kept_out")
    assert (noted.subject_id, noted.actor_kind, noted.data) == (staff_ban().public_id, "guest", {})
    assert EventOrigin.objects.get(event=noted).address == HERE


@pytest.mark.usefixtures("banned")
def test_who_is_in_already_reads_on(user):
    client = browser()
    client.force_login(user)

    assert client.get("/account/").status_code == 200


@pytest.mark.usefixtures("banned")
def test_a_wrong_password_where_one_is_signed_in_is_a_wrong_password(user):
    client = browser()
    client.force_login(user)

    answer = client.post("/account/reauthenticate/", {"password": "wrong horse"})

    assert answer.status_code == 200
    assert "Incorrect password." in answer.content.decode()
