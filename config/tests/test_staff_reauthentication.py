"""What staff do to accounts, keys and secrets asks again who they are; what does so is listed here."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts.authentication import recent_authentication
from accounts.impersonation.tests.conftest import sign_in, with_role
from accounts.permissions.models import Role
from accounts.staff import services as roles
from accounts.tests.factories import PASSWORD, UserFactory
from core.context import Actor
from core.testing import JustSignedIn, events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

HOOK = {"url": "https://books.example/hooks", "description": "", "events": "order.paid"}


@pytest.fixture
def owner():
    Role.objects.update(requires_mfa=False)
    return with_role("owner", name="Olive Owner")


def names(patterns, inside=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


def test_these_acts_of_the_staff_area_ask_again():
    everything = set(names(admin.site.get_urls()))
    asking = {name for name in everything if recent_authentication.is_sensitive_admin_url(name, "POST")}

    assert asking >= {
        "accounts_user_add",
        "accounts_user_change",
        "accounts_user_changelist",
        "accounts_role_add",
        "accounts_role_change",
        "accounts_role_delete",
        "accounts_role_changelist",
        "accounts_apikey_changelist",
        "accounts_client_changelist",
        "accounts_entitlement_changelist",
        "core_webhook_add",
        "core_webhook_change",
        "core_webhook_delete",
        "core_webhook_rotate",
        "core_webhook_switch",
        "core_eventorigin_export",
        "shop_order_refund",
        "shop_order_refund_sent",
        "shop_order_transfer",
    }
    assert all(re.match(r"accounts_|core_webhook|shop_order_(refund|transfer)|.*_export$", name) for name in asking)
    assert {name for name in everything if recent_authentication.is_sensitive_admin_url(name, "GET")} == {
        name for name in everything if name.endswith("_export")
    }


@pytest.mark.parametrize(
    "name",
    [
        *("shop_product_change", "shop_order_fulfil", "shop_order_cancel"),
        *("blog_post_change", "chat_room_change", "core_homeblock_add"),
    ],
)
def test_daily_work_does_not(name):
    assert not recent_authentication.is_sensitive_admin_url(name, "POST")


def test_whoever_signed_in_long_ago_is_asked_and_then_what_was_sent_is_done(client, owner):
    client.force_login(owner)
    person = UserFactory()
    address = reverse("admin:accounts_user_change", args=[person.pk])
    author = str(Role.objects.get(slug="author").pk)
    before = snapshot("accounts.User")

    asked = client.post(address, {"name": "Ann", "bio": "", "is_active": "on", "roles": [author]})
    unchanged = snapshot("accounts.User")
    done = client.post(asked["Location"], {"password": PASSWORD, "next": address})

    assert asked.status_code == 302
    assert reverse("account_reauthenticate") in asked["Location"]
    assert unchanged == before
    assert done.status_code == 302
    person.refresh_from_db()
    assert person.name == "Ann"
    assert [event.subject_id for event in events_named("role.assigned")][-1] == person.public_id


def test_who_has_nothing_to_say_it_by_signs_in_anew(client, owner):
    owner.set_unusable_password()
    owner.save()
    client.force_login(owner)

    answer = client.post(reverse("admin:core_webhook_add"), HOOK)

    assert answer.status_code == 403
    assert "Please sign in again to continue." in answer.content.decode()
    assert no_event("webhook.added")


def test_looking_asks_nothing(client, owner):
    client.force_login(owner)

    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 200
    assert client.get(reverse("admin:accounts_role_changelist")).status_code == 200


def test_strangers_and_people_without_the_right_are_not_asked_who_they_are_again(client):
    client.force_login(UserFactory())

    answer = client.post(reverse("admin:accounts_role_changelist"))

    assert "reauthenticate" not in answer.get("Location", "")


def test_a_secret_of_webhooks_asks_too(owner):
    stale, fresh = Client(), JustSignedIn()
    stale.force_login(owner)
    fresh.force_login(owner)

    asked = stale.post(reverse("admin:core_webhook_add"), HOOK)
    made = fresh.post(reverse("admin:core_webhook_add"), HOOK)

    assert "reauthenticate" in asked["Location"]
    assert made.status_code == 200
    assert len(events_named("webhook.added")) <= 1


@pytest.mark.parametrize("is_fresh", [True, False])
def test_by_the_api_a_session_is_refused_with_a_problem(owner, is_fresh):
    browser = JustSignedIn() if is_fresh else Client()
    browser.force_login(owner)

    answer = browser.post(
        "/api/v1/webhooks/", {"url": HOOK["url"], "events": ["order.paid"]}, content_type="application/json"
    )

    assert answer.status_code == (201 if is_fresh else 403)
    if not is_fresh:
        assert answer.json()["code"] == "reauthentication_required"
        assert no_event("webhook.added")


def test_a_sign_in_just_made_is_enough(client, owner):
    sign_in(client, owner)

    assert client.post(reverse("admin:core_webhook_add"), HOOK).status_code == 200


def test_a_role_that_asks_for_a_factor_holds_at_once(client, owner):
    person = UserFactory()
    client.force_login(person)
    Role.objects.filter(slug="author").update(requires_mfa=True)

    roles.assign_role(user_id=person.pk, role="author", by=Actor.person(owner))

    assert client.get(reverse("accounts:overview")).status_code == 302
    assert [event.subject_id for event in events_named("user.asked_for_factor")] == [person.public_id]


def test_a_role_that_begins_to_ask_holds_at_once_for_who_has_no_factor(client, owner):
    from allauth.mfa.models import Authenticator

    lacking, having = with_role("author"), with_role("author")
    Authenticator.objects.create(user=having, type=Authenticator.Type.TOTP, data={"secret": "x"})
    theirs = Client()
    client.force_login(lacking)
    theirs.force_login(having)

    roles.set_mfa_requirement(slug="author", is_required=True, by=Actor.person(owner))

    assert client.get(reverse("accounts:overview")).status_code == 302
    assert theirs.get(reverse("accounts:security")).status_code == 200
    assert [event.subject_id for event in events_named("user.asked_for_factor")] == [lacking.public_id]


def test_a_role_that_asks_for_nothing_ends_no_session(client, owner):
    person = UserFactory()
    client.force_login(person)

    roles.assign_role(user_id=person.pk, role="author", by=Actor.person(owner))

    assert client.get(reverse("accounts:overview")).status_code == 200
    assert no_event("user.asked_for_factor")
