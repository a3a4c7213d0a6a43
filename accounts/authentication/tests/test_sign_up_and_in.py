"""The way in: by code, by password, and without telling strangers who is here."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.urls import reverse

from accounts.permissions import queries as permission_queries
from accounts.permissions.services import entitlements
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor, Grant
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

SIGN_UP, SIGN_IN, VERIFY = (
    reverse(name) for name in ("account_signup", "account_login", "account_email_verification_sent")
)


def code_in(mail):
    return re.search(r"^[B-Z]{4}-[B-Z]{4}$", mail.body, re.MULTILINE)[0]


def sign_up(client, email="new@example.com", **more):
    return client.post(SIGN_UP, {"email": email, "password1": PASSWORD, **more})


def sign_in(client, email, password=PASSWORD, **more):
    return client.post(SIGN_IN, {"login": email, "password": password, **more})


def test_somebody_signs_up_enters_the_code_and_is_in(client, mailoutbox):
    answer = sign_up(client, "New@Example.com", next="/account/profile/")
    assert (answer.status_code, answer["Location"]) == (302, VERIFY)
    assert not get_user(client).is_authenticated

    answer = client.post(VERIFY, {"code": code_in(mailoutbox[0]).lower()})

    user = User.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, "/account/profile/")
    assert get_user(client) == user
    assert (user.email, user.is_staff, user.groups.count()) == ("new@example.com", False, 0)
    assert EmailAddress.objects.filter(user=user, email="new@example.com", verified=True, primary=True).exists()
    for name in ("user.signed_up", "user.verified_email", "user.signed_in"):
        (event,) = events_named(name)
        assert (event.subject_id, event.actor_id, event.data) == (str(user.uid), str(user.uid), {})
    assert no_event("user.changed_email")


def test_the_code_comes_as_text_and_in_our_frame(client, mailoutbox):
    sign_up(client)

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["new@example.com"], "Your sign-up code")
    html, kind = mail.alternatives[0]
    assert kind == "text/html"
    assert code_in(mail) in html
    assert "{%" not in mail.body + html
    assert "localhost:8000" in mail.body  # the site's own address, not the Host header's


def test_a_wrong_code_lets_nobody_in_and_the_third_ends_the_try(client, mailoutbox):
    sign_up(client)

    answers = [client.post(VERIFY, {"code": "BBBB-BBBB"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 302]
    assert not get_user(client).is_authenticated
    client.post(VERIFY, {"code": code_in(mailoutbox[0])})
    assert not get_user(client).is_authenticated
    assert not EmailAddress.objects.filter(verified=True).exists()
    assert no_event("user.verified_email")


def test_what_was_bought_as_a_guest_is_there_after_sign_up(client, mailoutbox):
    entitlements.grant_entitlement(
        kind="product", subject="mug", source=("order", "A-1"), email="new@example.com", by=Actor.system("shop")
    )

    sign_up(client)
    client.post(VERIFY, {"code": code_in(mailoutbox[0])})

    assert permission_queries.has_bought(Grant.session(User.objects.get()), "mug")


def test_signing_up_with_a_known_address_looks_the_same_and_tells_its_owner(client, client_of, mailoutbox):
    known = UserFactory(email="known@example.com")

    pages = []
    for visitor, email in ((client_of(), "known@example.com"), (client_of(), "unknown@example.com")):
        answer = sign_up(visitor, email)
        shown = visitor.get(VERIFY)
        pages.append((answer.status_code, answer["Location"], shown.status_code, without_secrets(shown, email)))

    assert pages[0] == pages[1]
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["known@example.com"], "You already have an account"),
        (["unknown@example.com"], "Your sign-up code"),
    ]
    known.refresh_from_db()
    assert known.check_password(PASSWORD)
    assert len(events_named("user.signed_up")) == 1


def test_both_ways_of_sign_up_hash_a_password_once(client_of, monkeypatch, settings):
    UserFactory(email="known@example.com")
    hashed = []
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher.encode"
    monkeypatch.setattr(hasher, lambda self, password, salt: hashed.append(password) or f"md5${salt}$x")

    for email in ("known@example.com", "unknown@example.com"):
        sign_up(client_of(), email)

    assert hashed == [PASSWORD, PASSWORD]


def test_two_sign_ups_of_one_address_at_once_make_one_account(client, monkeypatch, mailoutbox):
    UserFactory(email="new@example.com")
    monkeypatch.setattr(
        "allauth.account.internal.flows.manage_email.email_already_exists", lambda email, **_: (email, False)
    )

    answer = sign_up(client)

    assert (answer.status_code, answer["Location"]) == (302, VERIFY)
    assert User.objects.count() == 1
    assert mailoutbox[0].subject == "You already have an account"


@pytest.mark.parametrize("password", ["short", "password123", "new@example.com"])
def test_a_weak_password_is_refused_and_nobody_made(client, mailoutbox, password):
    answer = client.post(SIGN_UP, {"email": "new@example.com", "password1": password})

    assert answer.status_code == 200
    assert "password1" in answer.context["form"].errors
    assert not User.objects.exists()
    assert mailoutbox == []


def test_sign_up_can_be_closed(client, settings):
    settings.SIGNUP_OPEN = False

    assert "Sign-up is closed" in client.get(SIGN_UP).content.decode()
    sign_up(client)

    assert not User.objects.exists()


def test_a_person_signs_in_in_any_spelling_and_goes_where_they_wanted(client):
    user = UserFactory(email="known@example.com")

    answer = sign_in(client, "Known@Example.com", next="/shop/")

    assert (answer.status_code, answer["Location"]) == (302, "/shop/")
    assert get_user(client) == user
    assert len(events_named("user.signed_in")) == 1


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_sign_in_leads_nowhere_else(client, elsewhere):
    UserFactory(email="known@example.com")

    answer = sign_in(client, "known@example.com", next=elsewhere)

    assert answer["Location"] == reverse("accounts:overview")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client_of, monkeypatch):
    user = UserFactory(email="known@example.com")
    answers = [sign_in(client_of(), email, "wrong") for email in ("known@example.com", "unknown@example.com")]

    texts = [
        without_secrets(answer, email)
        for answer, email in zip(answers, ("known@example.com", "unknown@example.com"), strict=True)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert texts[0] == texts[1]
    assert no_event("user.signed_in")
    failures = events_named("user.sign_in_failed")
    assert [(event.subject_id, event.actor_kind, set(event.data)) for event in failures] == [
        (str(user.uid), "guest", set()),
        ("", "guest", {"typed"}),
    ]


def test_guessing_is_stopped_for_an_address_and_the_right_password_waits_too(client_of):
    UserFactory(email="known@example.com")
    for _ in range(5):
        sign_in(client_of(), "known@example.com", "wrong")

    visitor = client_of()
    answer = sign_in(visitor, "known@example.com")

    assert answer.status_code == 200
    assert not get_user(visitor).is_authenticated
    assert len(events_named("user.sign_in_failed")) == 5


def test_guessing_over_many_addresses_is_stopped_for_a_network(client_of):
    answers = [sign_in(client_of(), f"person{n}@example.com", "wrong") for n in range(31)]

    assert [answer.status_code for answer in answers][-1] == 429
    assert "Retry-After" in answers[-1]


def test_an_unverified_address_signs_in_by_code_only(client, mailoutbox):
    user = UserFactory(email="known@example.com")
    EmailAddress.objects.filter(user=user).update(verified=False)

    answer = sign_in(client, "known@example.com")
    assert answer["Location"] == VERIFY
    assert not get_user(client).is_authenticated

    client.post(VERIFY, {"code": code_in(mailoutbox[0])})
    assert get_user(client) == user


def test_a_closed_account_stays_outside(client):
    UserFactory(email="known@example.com", is_active=False)

    answer = sign_in(client, "known@example.com")

    assert answer["Location"] == reverse("account_inactive")
    assert not get_user(client).is_authenticated
    assert no_event("user.signed_in")


def test_signing_out_takes_a_post(client):
    user = UserFactory()
    client.force_login(user)

    assert client.get(reverse("account_logout")).status_code == 200
    assert get_user(client) == user

    answer = client.post(reverse("account_logout"))
    assert answer["Location"] == reverse("home")
    assert not get_user(client).is_authenticated
    assert events_named("user.signed_out")[0].subject_id == str(user.uid)


def test_a_superuser_from_the_command_line_signs_in_without_mail(client, staff, mailoutbox):
    answer = sign_in(client, staff.email, "clay-and-fire", next="/admin/")

    assert answer["Location"] == "/admin/"
    assert mailoutbox == []


def test_the_admin_sends_strangers_to_the_same_door(client):
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith(f"{SIGN_IN}?next=")


def test_a_mail_server_that_is_down_says_so_and_signs_nobody_up_silently(client, settings):
    settings.EMAIL_BACKEND = "accounts.tests.mail.Broken"

    answer = sign_up(client)

    assert answer.status_code == 503
    assert not get_user(client).is_authenticated


def without_secrets(answer, email):
    """A page as text, less what differs by nature: the CSRF token, and the address that was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r"[0-9a-f-]{32,36}", "", text).replace(email, "…")
