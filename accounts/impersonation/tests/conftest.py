"""An owner who just signed in, and a customer."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.permissions.models import Role
from accounts.staff import services as roles
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor


def with_role(slug: str, **fields: Any) -> User:
    user = UserFactory(**fields)
    roles.assign_role(user_id=user.pk, role=slug, by=Actor.system("test"))
    return User.objects.get(pk=user.pk)


def sign_in(client: Client, user: User) -> None:
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content


@pytest.fixture
def owner(db: None) -> User:
    Role.objects.update(requires_mfa=False)
    return with_role("owner", name="Olive Owner")


@pytest.fixture
def clara(db: None) -> User:
    return UserFactory(name="Clara Clay")


@pytest.fixture
def desk(client: Client, owner: User) -> Client:
    """The browser of the owner."""
    sign_in(client, owner)
    return client


@pytest.fixture
def acting(desk: Client, clara: User) -> Client:
    """The browser of the owner, who acts for Clara."""
    answer = desk.post(reverse("accounts:impersonate", args=[clara.uid]), {"reason": "Asked on the phone"})
    assert answer.status_code == 303, answer.content
    return desk
