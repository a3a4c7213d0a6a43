"""What a person may be called, and what others see of somebody without a name."""

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from accounts.users import services as people
from accounts.users.models import User
from core.context import Actor, Grant
from core.testing import JustSignedIn, no_event

pytestmark = pytest.mark.django_db

PROFILE = reverse("accounts:profile")
BAD = [
    "Bob\u202e",
    "Bo\rb",
    "Bo\nb",
    "Bo\x0bb",
    "Bo\tb",
    "Bo\u2028b",
    "Bo\u2066b",
    "Bo\x85b",
    "\u200b",
    "\u00ad\u200b",
    "\u3164",
]
GOOD = [
    ("Zo\u00eb", "Zo\u00eb"),
    ("Zoe\u0308", "Zo\u00eb"),
    ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    ("\u200e Bob  Ray \ufeff", "Bob Ray"),
    ("", ""),
    ("   ", ""),
]


def by_page(user, name):
    browser = Client()
    browser.force_login(user)
    return browser.post(PROFILE, {"name": name, "bio": ""}).status_code


def by_api(user, name):
    api = APIClient()
    api.force_authenticate(user, token=Grant.session(user))
    return api.patch("/api/v1/me/", {"name": name}).status_code


@pytest.mark.parametrize("change", [by_page, by_api])
@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_control_and_invisible_names_are_refused(change, name):
    user = UserFactory(name="Bob")

    assert change(user, name) in (400, 422)

    assert User.objects.get().name == "Bob"
    assert no_event("user.changed_profile")


@pytest.mark.parametrize(("name", "kept"), GOOD, ids=ascii)
def test_names_are_kept_composed_without_pasted_marks(name, kept):
    user = UserFactory(name="Bob")

    people.change_profile(user_id=user.pk, by=Actor.person(user), name=name)

    assert User.objects.get().name == kept


@pytest.mark.parametrize("name", BAD[:5], ids=ascii)
def test_staff_cannot_enter_such_a_name_either(staff, name):
    user = UserFactory(name="Bob")
    browser = JustSignedIn()
    browser.force_login(staff)
    address = reverse("admin:accounts_user_change", args=[user.pk])

    # Line breaks at the ends are stripped by the form before anybody sees them.
    browser.post(address, {"email": user.email, "name": f"{name}x", "bio": "", "is_active": "on"})

    assert User.objects.get(pk=user.pk).name in ("Bob", "Bobx")


def test_control_characters_of_the_bio_are_refused():
    user = UserFactory(bio="")

    with pytest.raises(people.InvalidBio):
        people.change_profile(user_id=user.pk, by=Actor.person(user), bio="a\u202eb")
    people.change_profile(user_id=user.pk, by=Actor.person(user), bio="one\ntwo")
    assert User.objects.get().bio == "one\ntwo"


def test_somebody_without_a_name_is_a_customer_to_others():
    user = UserFactory(email="secret.person@example.com", name="")
    browser = Client()
    browser.force_login(user)

    page = browser.get(reverse("accounts:overview")).content.decode()

    assert user.display_name == user.get_full_name() == user.get_short_name() == "Customer"
    assert "Add your name" in page
    assert "Hello, " not in page


def test_name_on_pages_is_set_apart():
    user = UserFactory(name="\u05d1\u05d5\u05d1")
    browser = Client()
    browser.force_login(user)

    assert f"Hello, <bdi>{user.name}</bdi>" in browser.get(reverse("accounts:overview")).content.decode()
