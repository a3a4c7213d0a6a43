"""Bans: who may not write, where, how long; who cannot be banned; what ends at once."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.bans.services import Banned, CannotBeBanned, InvalidBan
from accounts.tests.factories import PASSWORD, UserFactory
from core.context import Actor
from core.errors import Denied
from core.testing import JustSignedIn, events_named, no_event

pytestmark = pytest.mark.django_db

SIGN_IN = "/account/login/"
GUEST = Actor.guest()


@pytest.fixture
def user():
    return UserFactory(email="nora@example.com")


@pytest.fixture
def by(staff):
    return Actor.person(staff)


def ban(by, **more):
    return bans.ban(**{"by": by, "scope": "comment", "reason": "spam", **more})


def writes(by, scope="comment", **more):
    try:
        bans.require_not_banned(by=by, scope=scope, **more)
    except Banned:
        return False
    return True


def test_who_is_banned_does_not_write_there_and_learns_until_when(user, by):
    until = timezone.now() + timedelta(days=7)
    made = ban(by, user=user, until=until, words="Sold watches.")

    with pytest.raises(Banned) as refused:
        bans.require_not_banned(by=Actor.person(user), scope="comment")

    assert refused.value.details["until"] == until.isoformat()
    assert "To appeal, write to hello@" in refused.value.detail
    assert "watches" not in refused.value.detail
    assert writes(Actor.person(user), "review")
    [event] = events_named("user.banned")
    assert (event.subject_id, event.actor_id) == (user.public_id, by.id)
    assert (event.data["ban"], event.data["scope"], event.data["reason"]) == (made.public_id, "comment", "spam")
    assert "watches" not in str(event.data)


def test_a_ban_ends_by_itself_and_by_hand_and_is_kept(user, by):
    now, person = timezone.now(), Actor.person(user)
    ban(by, user=user, until=now + timedelta(days=1), now=now)
    lasting = ban(by, user=user, scope="review", now=now)

    assert not writes(person, now=now + timedelta(hours=23))
    assert writes(person, now=now + timedelta(hours=25))
    assert bans.unban(ban_uid=lasting.uid, by=by) is True
    assert bans.unban(ban_uid=lasting.uid, by=by) is False
    assert writes(person, "review")
    assert Ban.objects.count() == 2
    assert [event.data["ban"] for event in events_named("user.unbanned")] == [lasting.public_id]


def test_from_all_means_everywhere(user, by):
    ban(by, user=user, scope="all")

    assert not any(writes(Actor.person(user), scope) for scope in ("comment", "review", "chat", "report"))


def test_a_network_is_banned_with_all_in_it_and_no_others(by):
    ban(by, network="203.0.113.0/24")
    ban(by, network="2001:db8:1::/48")

    assert not writes(GUEST, network="203.0.113.77")
    assert not writes(GUEST, network="2001:db8:1:2::/64")
    assert writes(GUEST, network="203.0.114.77")
    assert writes(GUEST, network="2001:db8:2:2::/64")
    assert writes(GUEST)


def test_an_address_of_nobody_is_kept_as_a_digest_and_meets_who_comes_with_it(by):
    ban(by, email="Later@Example.com", scope="all")

    assert "later" not in str(list(Ban.objects.values())).lower()
    assert not writes(Actor.person(UserFactory(email="later@example.com")))


def test_an_address_of_somebody_bans_them(user, by):
    assert ban(by, email="nora@example.com").user == user


def test_owners_oneself_and_who_may_do_more_are_not_banned(user, staff, manager, with_rights):
    owner = UserFactory()
    owner.groups.add(_owners())
    moderator = with_rights("accounts.ban_user")
    actor = Actor.person(moderator)

    for by, whom in (
        (actor, staff),
        (actor, owner),
        (Actor.person(staff), owner),
        (actor, moderator),
        (actor, manager),
    ):
        with pytest.raises(CannotBeBanned):
            ban(by, user=whom)

    assert not Ban.objects.exists()
    assert no_event("user.banned")
    assert ban(actor, user=user).user == user


def test_it_takes_the_permission(user, moderator):
    made = ban(Actor.system("test"), user=user)

    with pytest.raises(Denied):
        ban(Actor.person(moderator), user=user, scope="all")
    with pytest.raises(Denied):
        bans.unban(ban_uid=made.uid, by=Actor.person(moderator))

    assert Ban.objects.get().ended_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"email": "x@example.com", "network": "203.0.113.7"},
        {"network": "nonsense"},
        {"network": "203.0.0.0/8"},
        {"network": "203.0.113.7", "scope": "weather"},
        {"network": "203.0.113.7", "until": timezone.now() - timedelta(minutes=1)},
    ],
)
def test_what_makes_no_sense_is_refused(by, wrong):
    with pytest.raises(InvalidBan):
        ban(by, **wrong)

    assert not Ban.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"network": "203.0.113.7", "email_digest": "a" * 64},
        {"email_digest": "short"},
        {"network": "x", "scope": "weather"},
    ],
)
def test_the_database_refuses_it_too(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        Ban.objects.create(**{"scope": "all", "reason": "spam", **broken})


def test_banned_from_the_house_one_is_signed_out_at_once_and_not_let_in(user, by):
    browser = Client()
    browser.post(SIGN_IN, {"login": user.email, "password": PASSWORD})
    was_in = get_user(browser).is_authenticated

    ban(by, user=user, scope="all", until=timezone.now() + timedelta(days=2))
    again = Client()
    answer = again.post(SIGN_IN, {"login": user.email, "password": PASSWORD})

    assert was_in
    assert not get_user(browser).is_authenticated
    assert answer.status_code == 403
    assert "You are banned from posting here until" in answer.content.decode()
    assert not get_user(again).is_authenticated


def test_who_does_not_know_the_password_learns_nothing_of_a_ban(user, by):
    ban(by, user=user, scope="all")

    answers = [
        Client().post(SIGN_IN, {"login": email, "password": "wrong horse"}) for email in (user.email, "new@example.com")
    ]

    assert [answer.status_code for answer in answers] == [answers[0].status_code] * 2
    assert "may not write" not in answers[0].content.decode()


def test_banned_from_a_part_one_still_comes_in(user, by):
    ban(by, user=user, scope="comment")
    browser = Client()

    browser.post(SIGN_IN, {"login": user.email, "password": PASSWORD})

    assert get_user(browser).is_authenticated


def test_programs_of_who_is_banned_are_refused(user, by):
    key = api_keys.add_key(user_id=user.pk, name="Till", scopes=["account:read"], by=Actor.person(user))
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {key.token}")
    before = program.get("/api/v1/me/").status_code

    made = ban(by, user=user, scope="all")
    during = program.get("/api/v1/me/")
    bans.unban(ban_uid=made.uid, by=by)

    assert (before, during.status_code, program.get("/api/v1/me/").status_code) == (200, 401, 200)
    assert during.json()["detail"] == "The owner of this credential is banned."


def test_the_page_of_staff_bans_the_author_of_a_case(client, staff, user):
    client.force_login(staff)

    page = client.post(
        "/staff/bans/new/", {"email": user.email, "scope": "comment", "days": "7", "reason": "spam", "words": "Ads"}
    )

    made = Ban.objects.get()
    assert page.status_code == 303
    assert (made.user, made.scope, made.words, made.made_by) == (user, "comment", "Ads", staff)
    assert made.until - made.created_at == timedelta(days=7)


def test_the_page_refuses_who_may_not_and_tells_what_is_wrong(client, moderator, staff):
    client.force_login(moderator)
    refused = client.post("/staff/bans/new/", {"network": "203.0.113.7", "scope": "all", "reason": "spam"})
    client.force_login(staff)
    wide = client.post("/staff/bans/new/", {"network": "10.0.0.0/8", "scope": "all", "reason": "spam", "days": ""})

    assert (refused.status_code, wide.status_code) == (403, 422)
    assert "too large" in wide.content.decode()
    assert not Ban.objects.exists()


def test_the_admin_ends_bans_and_deletes_none(staff, by, user):
    made, client = ban(by, user=user), JustSignedIn()
    client.force_login(staff)
    url = reverse("admin:accounts_ban_changelist")

    client.post(url, {"action": "end", "_selected_action": [made.pk]})
    gone = client.post(reverse("admin:accounts_ban_delete", args=[made.pk]), {"post": "yes"})

    made.refresh_from_db()
    assert (made.ended_by, gone.status_code) == (staff, 403)
    assert client.get(reverse("admin:accounts_ban_add")).status_code == 302


def _owners():
    from django.contrib.auth.models import Group

    return Group.objects.get(role__slug="owner")
