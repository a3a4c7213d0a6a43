"""Several addresses: added with a code, made the one we write to, removed; sign-in and guests' orders follow them."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.permissions import queries as permission_queries
from accounts.permissions.services import entitlements
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users import queries
from accounts.users.models import User
from core.context import Actor, Grant
from core.testing import deliver_events, events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

EMAIL, LOGIN = reverse("account_email"), reverse("account_login")
VERIFY, REAUTHENTICATE = reverse("account_email_verification_sent"), reverse("account_reauthenticate")
NEW = "new@example.com"


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def browser_of(user, *, recently=True):
    browser = Client()
    browser.force_login(user)
    if recently:
        assert browser.post(REAUTHENTICATE, {"password": PASSWORD}).status_code == 302
    return browser


def code_in(mail):
    return re.search(r"^[B-Z]{4}-[B-Z]{4}$", mail.body, re.MULTILINE)[0]


def add(browser, mailoutbox, email=NEW):
    assert browser.post(EMAIL, {"email": email, "action_add": "1"})["Location"] == VERIFY
    return browser.post(VERIFY, {"code": code_in(mailoutbox[-1])})


def second_of(user, email=NEW):
    return EmailAddress.objects.create(user=user, email=email, verified=True)


def kept():
    return snapshot("account.EmailAddress"), list(User.objects.order_by("pk").values_list("pk", "email"))


def addresses():
    return list(EmailAddress.objects.order_by("pk").values_list("email", "verified", "primary"))


def test_an_address_is_added_with_the_code_that_is_sent_there(user, mailoutbox):
    here, elsewhere = browser_of(user), browser_of(user)

    asked = here.post(EMAIL, {"email": "New@example.com", "action_add": "1"})
    assert asked["Location"] == VERIFY
    assert addresses() == [("known@example.com", True, True)]
    here.post(VERIFY, {"code": code_in(mailoutbox[0])})
    deliver_events()

    assert addresses() == [("known@example.com", True, True), (NEW, True, False)]
    user.refresh_from_db()
    assert user.email == "known@example.com"
    assert get_user(here) == get_user(elsewhere) == user
    assert events_named("user.added_address")[0].data == {}
    assert [(mail.to[0], mail.subject) for mail in mailoutbox] == [
        (NEW, "Your confirmation code"),
        ("known@example.com", "An email address was added to your account"),
    ]


def test_another_becomes_the_one_that_is_written_to(user, mailoutbox):
    second_of(user)
    here, elsewhere = browser_of(user), browser_of(user)

    here.post(EMAIL, {"email": NEW, "action_primary": "1"})

    user.refresh_from_db()
    assert user.email == NEW
    assert addresses() == [("known@example.com", True, False), (NEW, True, True)]
    assert get_user(here) == user
    assert not get_user(elsewhere).is_authenticated
    assert events_named("user.changed_email")[0].data == {}
    assert [(mail.to[0], mail.subject) for mail in mailoutbox] == [
        ("known@example.com", "Your email address was changed")
    ]


def test_an_address_is_removed_but_never_the_one_that_is_written_to(user, mailoutbox):
    second_of(user)
    browser = browser_of(user)

    refused = browser.post(EMAIL, {"email": user.email, "action_remove": "1"}, follow=True)
    assert "cannot be removed" in refused.content.decode()
    assert len(addresses()) == 2
    assert no_event("user.removed_address")

    browser.post(EMAIL, {"email": NEW, "action_remove": "1"})
    assert addresses() == [("known@example.com", True, True)]
    assert events_named("user.removed_address")[0].actor_id == str(user.uid)
    assert [(mail.to[0], mail.subject) for mail in mailoutbox] == [
        ("known@example.com", "An email address was removed from your account")
    ]


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove"])
def test_who_signed_in_long_ago_says_again_who_they_are(user, mailoutbox, action):
    second_of(user)
    before = kept()
    browser = browser_of(user, recently=False)

    email = "third@example.com" if action == "action_add" else NEW
    asked = browser.post(EMAIL, {"email": email, action: "1"})
    assert asked["Location"].startswith(REAUTHENTICATE)
    assert browser.post(asked["Location"], {"password": "wrong", "next": EMAIL}).status_code == 200

    assert kept() == before
    assert mailoutbox == []


def test_an_address_that_is_not_confirmed_is_not_written_to(user):
    EmailAddress.objects.create(user=user, email=NEW, verified=False)

    page = browser_of(user).post(EMAIL, {"email": NEW, "action_primary": "1"}, follow=True).content.decode()

    assert "Confirm the address first" in page
    assert "Send a code" in page
    user.refresh_from_db()
    assert user.email == "known@example.com"


def test_nobody_changes_addresses_of_others(user):
    other = UserFactory(email="other@example.com")
    second_of(other)
    before = kept()
    browser = browser_of(user)

    for action in ("action_primary", "action_remove", "action_send"):
        browser.post(EMAIL, {"email": NEW, action: "1"})

    assert kept() == before


def test_an_address_of_somebody_else_is_answered_like_any_and_refused_to_who_reads_its_mail(user, mailoutbox):
    UserFactory(email="taken@example.com")
    free, taken = browser_of(user), browser_of(user)

    answers = [
        browser.post(EMAIL, {"email": email, "action_add": "1"}, follow=True)
        for browser, email in ((free, NEW), (taken, "taken@example.com"))
    ]
    pages = [
        re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"', "", answer.content.decode()).replace(email, "…")
        for answer, email in zip(answers, (NEW, "taken@example.com"), strict=True)
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert pages[0] == pages[1]

    answer = taken.post(VERIFY, {"code": code_in(mailoutbox[-1])})
    assert "belongs to another account" in answer.context["form"].errors["code"][0]
    assert EmailAddress.objects.filter(email="taken@example.com").count() == 1
    assert no_event("user.added_address")


def test_there_are_five_at_most(user, mailoutbox):
    for n in range(3):
        second_of(user, f"more{n}@example.com")
    first, second = browser_of(user), browser_of(user)
    first.post(EMAIL, {"email": "fifth@example.com", "action_add": "1"})
    second.post(EMAIL, {"email": "sixth@example.com", "action_add": "1"})

    codes = [code_in(mail) for mail in mailoutbox]
    first.post(VERIFY, {"code": codes[0]})
    page = second.post(VERIFY, {"code": codes[1]}, follow=True).content.decode()

    assert "maximum number of email addresses" in page
    assert EmailAddress.objects.filter(user=user).count() == 5
    refused = first.post(EMAIL, {"email": "seventh@example.com", "action_add": "1"})
    assert refused.status_code == 200
    assert "Remove one" in first.get(EMAIL).content.decode()


@pytest.mark.parametrize("email", ["known@example.com", NEW])
def test_one_signs_in_with_any_of_them(user, email):
    second_of(user)
    browser = Client()

    browser.post(LOGIN, {"login": email, "password": PASSWORD})

    assert get_user(browser) == user


def test_a_code_to_sign_in_comes_to_any_of_them(user, mailoutbox):
    second_of(user)
    browser = Client()

    browser.post(reverse("account_request_login_code"), {"email": NEW})
    browser.post(reverse("account_confirm_login_code"), {"code": code_in(mailoutbox[0])})

    assert mailoutbox[0].to == [NEW]
    assert get_user(browser) == user


def test_guesses_at_any_of_them_are_on_the_timeline(user):
    second_of(user)

    Client().post(LOGIN, {"login": NEW, "password": "wrong"})

    assert events_named("user.sign_in_failed")[0].subject_id == str(user.uid)


def test_what_waited_at_the_new_address_comes_along(user, mailoutbox):
    source = ("order", "A-1")
    entitlements.grant_entitlement(kind="product", subject="mug", source=source, email=NEW, by=Actor.system("shop"))

    add(browser_of(user), mailoutbox)

    assert permission_queries.has_bought(Grant.session(user), "mug")


def test_a_removed_address_is_free_for_others(user):
    second_of(user)
    browser_of(user).post(EMAIL, {"email": NEW, "action_remove": "1"})

    assert User.objects.get(pk=UserFactory(email=NEW).pk).email == NEW
    assert queries.get_owner(NEW) != user


def test_the_page_shows_all_in_few_queries(user):
    second_of(user)
    EmailAddress.objects.create(user=user, email="third@example.com", verified=False)
    browser = browser_of(user)
    browser.get(EMAIL)

    with CaptureQueriesContext(connection) as cost:
        page = browser.get(EMAIL).content.decode()

    assert len(cost) <= 8
    for words in ("known@example.com", "Primary", NEW, "Make primary", "third@example.com", "Not confirmed"):
        assert words in page
    assert page.count("action_remove") == 2
