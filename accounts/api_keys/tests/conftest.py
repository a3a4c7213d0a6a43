"""People, their keys, and browsers of people who have just said who they are."""

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor


@pytest.fixture
def user() -> User:
    return UserFactory(email="nora@example.com", name="Nora Quist")


@pytest.fixture
def key_of() -> Callable[..., api_keys.ApiKeyWithToken]:
    """`key_of(user, "shop:read", …)` makes a key."""

    def make(user: User, *scopes: str, **more: object) -> api_keys.ApiKeyWithToken:
        given = {"name": "Script", "scopes": scopes or ["account:read"], **more}
        return api_keys.add_key(user_id=user.pk, by=Actor.person(user), **given)

    return make


@pytest.fixture
def sent_with() -> Callable[[str], APIClient]:
    """A program that sends a bearer."""

    def program(token: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return program


@pytest.fixture
def browser_of() -> Callable[..., Client]:
    """Somebody signed in, who has typed the password just now unless `recently` is False."""

    def sign_in(user: User, *, recently: bool = True, kind: type[Client] = Client) -> Client:
        page = Client()
        page.force_login(user)
        if recently:
            assert page.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 302
        browser = kind()
        browser.cookies = page.cookies
        return browser

    return sign_in
