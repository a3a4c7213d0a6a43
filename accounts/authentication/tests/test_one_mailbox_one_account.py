"""However an address is written, it is one account, one subscription, one ban; what hides in it is refused."""

import importlib

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.authentication.services import accounts as user_accounts
from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import subscriptions
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor, Grant
from core.testing import no_event

pytestmark = pytest.mark.django_db

KEPT = "ann@xn--bcher-kva.example"
SPELLINGS = [
    "ann@b\u00fccher.example",
    "ann@bu\u0308cher.example",
    "Ann@XN--BCHER-KVA.example",
    "ANN@B\u00dcCHER.example",
]
HIDDEN = [
    "ann@example.org\u200b",
    "an\u200bn@example.org",
    "fat\u0131ma@example.org",
    "\u017fam@example.org",
    "\u212aim@example.org",
]
SIGN_UP, SIGN_IN = reverse("account_signup"), reverse("account_login")
APP = "/_allauth/app/v1/auth/"


def by_page(email):
    return Client().post(SIGN_UP, {"email": email, "password1": PASSWORD}).status_code


def by_app(email):
    sent = {"email": email, "password": PASSWORD}
    return Client().post(f"{APP}signup", sent, content_type="application/json").status_code


@pytest.mark.parametrize("sign_up", [by_page, by_app])
def test_spellings_of_one_mailbox_make_one_account(sign_up):
    for email in SPELLINGS:
        sign_up(email)

    assert list(User.objects.values_list("email", flat=True)) == [KEPT]
    assert list(EmailAddress.objects.values_list("email", flat=True)) == [KEPT]


@pytest.mark.parametrize("email", HIDDEN, ids=ascii)
@pytest.mark.parametrize(("sign_up", "status"), [(by_page, 200), (by_app, 400)])
def test_hidden_and_folding_characters_make_no_account(sign_up, status, email):
    assert sign_up(email) in (status, 422)
    assert not User.objects.exists()
    assert no_event("user.signed_up")


@pytest.mark.parametrize("email", SPELLINGS, ids=ascii)
def test_every_spelling_signs_in(email):
    UserFactory(email=KEPT)

    page = Client().post(SIGN_IN, {"login": email, "password": PASSWORD})
    app = Client().post(f"{APP}login", {"email": email, "password": PASSWORD}, content_type="application/json")

    assert (page.status_code, page["Location"]) == (302, "/account/")
    assert app.status_code == 200


@pytest.mark.parametrize("email", SPELLINGS, ids=ascii)
def test_every_spelling_is_sent_a_code_and_a_link_for_a_new_password(mailoutbox, email):
    UserFactory(email=KEPT)

    Client().post(reverse("account_request_login_code"), {"email": email})
    Client().post(reverse("account_reset_password"), {"email": email})

    assert [mail.to for mail in mailoutbox] == [[KEPT], [KEPT]]


def test_plus_tags_are_accounts_of_their_own():
    for email in ("ann+a@example.org", "ann+b@example.org", "ann@example.org"):
        by_page(email)

    assert User.objects.count() == 3


def test_second_address_in_another_spelling_is_refused():
    user = UserFactory(email=KEPT)
    browser = Client()
    browser.force_login(user)

    browser.post(reverse("account_email"), {"action_add": "", "email": SPELLINGS[0]})

    assert EmailAddress.objects.filter(user=user).count() == 1


def test_spellings_are_one_subscription():
    for email in SPELLINGS:
        subscriptions.subscribe(email=email, topic="newsletter", viewer=Grant.anonymous(), source="page")

    assert list(Subscription.objects.values_list("email", flat=True)) == [KEPT]


@pytest.mark.parametrize("email", HIDDEN, ids=ascii)
def test_hidden_characters_are_refused_where_subscribed_and_banned(staff, email):
    api = APIClient()
    api.force_authenticate(staff, token=Grant.session(staff))

    asked = api.post("/api/v1/subscriptions/", {"email": email, "topic": "newsletter"})
    banned = api.post("/api/v1/bans/", {"email": email, "scope": "all", "reason": "spam"})

    assert (asked.status_code, asked.json()["errors"][0]["pointer"]) == (400, "/email")
    assert (banned.status_code, banned.json()["errors"][0]["pointer"]) == (400, "/email")
    assert not Subscription.objects.exists()
    assert not Ban.objects.exists()


def test_ban_of_any_spelling_concerns_the_account(staff):
    by = Actor.person(staff)
    before = bans.ban(by=by, scope="all", reason="spam", email=SPELLINGS[1])
    user = UserFactory(email=KEPT)

    assert bans.get_active_ban(user=user, network="") == before
    bans.unban(ban_uid=before.uid, by=by)
    assert bans.ban(by=by, scope="all", reason="spam", email=SPELLINGS[0]).user == user


def test_staff_add_people_by_the_one_spelling(staff):
    by = Actor.person(staff)

    user_accounts.add_user(email=SPELLINGS[0], name="Ann", by=by)

    with pytest.raises(user_accounts.AddressTaken):
        user_accounts.add_user(email=SPELLINGS[1], name="Ann", by=by)
    with pytest.raises(ValidationError):
        User.objects.create_user("fat\u0131ma@example.org")
    assert User.objects.filter(email=KEPT).count() == 1


def test_addresses_from_before_are_written_as_new_ones_unless_taken():
    old, taken = UserFactory(email="x1@example.org"), UserFactory(email="x2@example.org")
    other = UserFactory(email="bob@xn--bcher-kva.example")
    for user, email in ((old, SPELLINGS[0]), (taken, "bob@b\u00fccher.example")):
        User.objects.filter(pk=user.pk).update(email=email)
        EmailAddress.objects.filter(user=user).update(email=email)

    importlib.import_module("accounts.migrations.0013_canonical_emails").canonicalise(apps, None)

    emails = dict(User.objects.values_list("pk", "email"))
    assert emails == {old.pk: KEPT, taken.pk: "bob@b\u00fccher.example", other.pk: other.email}
    assert EmailAddress.objects.get(user=old).email == KEPT
