"""Staff can tell whom a ban concerns, and do not ban themselves."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.permissions.models import Role
from accounts.tests.factories import UserFactory
from core.context import Actor, bind
from core.testing import JustSignedIn, no_event

pytestmark = pytest.mark.django_db

BAN = reverse("moderation:new_ban")
FORM = {"scope": "comment", "reason": "spam", "days": "7"}


def signed_in(user, **more):
    browser = JustSignedIn(**more)
    browser.force_login(user)
    return browser


@pytest.mark.parametrize(
    ("email", "hint"),
    [
        ("zoe.spam@mail.example", "zo…@mail.example"),
        ("ab@mail.example", "a…@mail.example"),
        ("z@mail.example", "…@mail.example"),
    ],
)
def test_ban_of_an_unknown_address_says_it_in_part(staff, email, hint):
    signed_in(staff).post(BAN, {**FORM, "email": email})

    page = signed_in(staff).get(reverse("admin:accounts_ban_changelist")).content.decode()
    (ban,) = Ban.objects.all()
    assert (str(ban), ban.email_hint) == (hint, hint)
    assert hint in page
    assert ban.email_digest[:12] not in page
    assert email not in page


def test_whole_address_finds_its_ban(staff):
    by = Actor.person(staff)
    bans.ban(by=by, scope="comment", reason="spam", email="zoe.spam@mail.example")
    bans.ban(by=by, scope="comment", reason="spam", email="other@mail.example")

    page = signed_in(staff).get(reverse("admin:accounts_ban_changelist"), {"q": "Zoe.Spam@Mail.example"})

    assert [str(ban) for ban in page.context["cl"].result_list] == ["zo…@mail.example"]


@pytest.mark.parametrize("verified", [True, False])
def test_own_address_is_refused(staff, verified):
    EmailAddress.objects.create(user=staff, email="mine@example.com", verified=verified)

    for email in (staff.email, "Mine@Example.com"):
        answer = signed_in(staff).post(BAN, {**FORM, "email": email})
        assert answer.status_code == 422
        assert "You cannot ban your own email address." in answer.content.decode()

    assert not Ban.objects.exists()
    assert no_event("user.banned")


@pytest.mark.parametrize(
    ("here", "network"),
    [("203.0.113.7", "203.0.113.7"), ("203.0.113.7", "203.0.0.0/16"), ("2001:db8:1::7", "2001:db8:1::/64")],
)
def test_own_network_is_refused(staff, here, network):
    with bind(address=here), pytest.raises(bans.OwnNetwork):
        bans.ban(by=Actor.person(staff), scope="comment", reason="spam", network=network)

    assert not Ban.objects.exists()
    with bind(address="198.51.100.1"):
        assert bans.ban(by=Actor.person(staff), scope="comment", reason="spam", network=network)


def test_own_network_is_refused_on_the_page(staff):
    answer = signed_in(staff, REMOTE_ADDR="203.0.113.7").post(BAN, {**FORM, "network": "203.0.113.0/24"})

    assert answer.status_code == 422
    assert "You cannot ban the network you are using" in answer.content.decode()
    assert not Ban.objects.exists()


def test_page_to_close_an_account_asks_the_same_however_many_people_there_are(django_assert_num_queries):
    Role.objects.update(requires_mfa=False)
    owner = UserFactory(is_staff=True)
    owner.groups.add(Role.objects.get(slug="owner").group)
    browser = Client()
    browser.post(reverse("account_login"), {"login": owner.email, "password": "seven kilns at dusk"})
    address = f"{reverse('admin:accounts_closing_add')}?person={UserFactory().uid}"
    browser.get(address)

    UserFactory.create_batch(12)
    with django_assert_num_queries(3):
        assert browser.get(address).status_code == 200
