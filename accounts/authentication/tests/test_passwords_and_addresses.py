"""Reset a password, change it: who is told, which sessions end, what strangers learn."""

import re

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import PASSWORD, UserFactory
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

RESET, CHANGE = reverse("account_reset_password"), reverse("account_change_password")
NEW = "nine cones in a row"


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def browser_of(user):
    browser = Client()
    browser.force_login(user)
    return browser


def link_in(mail):
    return re.search(r"http://\S+/account/password/reset/key/\S+", mail.body)[0]


def test_a_forgotten_password_is_set_anew_by_the_link(client, user, mailoutbox):
    elsewhere = browser_of(user)
    client.post(RESET, {"email": "Known@example.com"})
    form_page = client.get(link_in(mailoutbox[0]))["Location"]
    assert client.get(form_page).status_code == 200

    answer = client.post(form_page, {"password1": NEW})

    assert answer["Location"] == reverse("account_reset_password_from_key_done")
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert not get_user(elsewhere).is_authenticated
    assert not get_user(client).is_authenticated
    assert events_named("user.reset_password")[0].subject_id == str(user.uid)
    assert [mail.subject for mail in mailoutbox] == ["Reset your password", "Your password was reset"]


def test_the_link_names_the_person_by_no_number_of_a_row(client, user, mailoutbox):
    client.post(RESET, {"email": user.email})
    link = link_in(mailoutbox[0])

    assert f"/reset/key/{user.uid.hex}-" in link
    for other in (str(user.pk), UserFactory().uid.hex, "nobody", "0" * 32):
        answer = Client().get(link.replace(user.uid.hex, other))
        assert "This link does not work" in answer.content.decode()
    assert Client().get(link).status_code == 302


def test_the_link_works_once(client, user, mailoutbox):
    client.post(RESET, {"email": user.email})
    client.post(client.get(link_in(mailoutbox[0]))["Location"], {"password1": NEW})

    again = Client().get(link_in(mailoutbox[0]))

    assert "This link does not work" in again.content.decode()
    assert len(events_named("user.reset_password")) == 1


def test_asking_for_a_reset_tells_strangers_nothing(user, mailoutbox):
    answers = [Client().post(RESET, {"email": email}, follow=True) for email in ("known@example.com", "no@example.com")]

    texts = [re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode()) for answer in answers]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert texts[0] == texts[1]
    assert [(mail.to[0], mail.subject) for mail in mailoutbox] == [
        ("known@example.com", "Reset your password"),
        ("no@example.com", "No account with this address"),
    ]


def test_resets_are_limited_for_an_address(user, mailoutbox):
    statuses = [Client().post(RESET, {"email": user.email}).status_code for _ in range(6)]

    assert statuses == [302] * 5 + [429]
    assert len(mailoutbox) == 5


def test_a_changed_password_ends_other_sessions_and_is_told(user, mailoutbox):
    here, elsewhere = browser_of(user), browser_of(user)

    answer = here.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW})

    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert get_user(here) == user
    assert not get_user(elsewhere).is_authenticated
    assert events_named("user.changed_password")[0].actor_id == str(user.uid)
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([user.email], "Your password was changed")]


@pytest.mark.parametrize(
    "typed", [{"oldpassword": "wrong", "password1": NEW}, {"oldpassword": PASSWORD, "password1": "1"}]
)
def test_a_password_is_not_changed_by_somebody_else_or_to_a_weak_one(user, mailoutbox, typed):
    answer = browser_of(user).post(CHANGE, typed)

    assert answer.status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert no_event("user.changed_password")
    assert mailoutbox == []


def test_an_account_without_a_password_sets_one(mailoutbox):
    user = UserFactory(password=None)
    browser = browser_of(user)
    assert browser.get(CHANGE)["Location"] == reverse("account_set_password")

    browser.post(reverse("account_set_password"), {"password1": NEW})

    user.refresh_from_db()
    assert user.check_password(NEW)
    assert [mail.subject for mail in mailoutbox] == ["A password was set for your account"]


def test_a_notice_that_cannot_be_sent_does_not_undo_what_happened(user, settings):
    settings.EMAIL_BACKEND = "accounts.tests.mail.Broken"

    answer = browser_of(user).post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW})

    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)


@pytest.mark.parametrize("name", ["account_change_password", "account_email", "account_reauthenticate"])
def test_strangers_are_sent_to_the_door(client, name):
    url = reverse(name)

    assert client.get(url)["Location"] == f"{reverse('account_login')}?next={url}"
