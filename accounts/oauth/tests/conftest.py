"""A person, a client of somebody else's, and what passes between them."""

import hashlib
import secrets
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client as Browser
from rest_framework.test import APIClient

from accounts.oauth.models import Client
from accounts.oauth.services import clients
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor

BACK = "https://rp.example/back"
SCOPES = ("openid", "profile", "email", "account:read", "blog:read")


@dataclass
class Program:
    """A client as its makers see it: what it sends, and what it is answered."""

    client: Client
    secret: str
    back: str = BACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def asking(self, **changes: str) -> dict[str, str]:
        """The parameters of a request for authorization; None leaves one out."""
        given = {
            "client_id": self.client.client_id,
            "redirect_uri": self.back,
            "response_type": "code",
            "scope": "openid account:read",
            "state": "s1",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**given, **changes}.items() if value is not None}

    def ask(self, browser: Browser, **changes: str) -> Any:
        return browser.get("/oauth/authorize/", self.asking(**changes))

    def consent(self, browser: Browser, *, allow: bool = True, **changes: str) -> Any:
        """Send the consent page's own form."""
        page = self.ask(browser, **changes)
        assert page.status_code == 200, page.headers
        form = {name: value for name, value in page.context["form"].initial.items() if value is not None}
        return browser.post("/oauth/authorize/", form | ({"allow": "true"} if allow else {}))

    def code(self, browser: Browser, **changes: str) -> str:
        """A code; the person agrees if they are asked."""
        answer = self.ask(browser, **changes)
        answer = answer if answer.status_code == 302 else self.consent(browser, **changes)
        return answered(answer)["code"]

    def token(self, *, auth: bool = True, **sent: str) -> Any:
        basic = b64encode(f"{self.client.client_id}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"} if auth and self.secret else {}
        body = sent if headers else {"client_id": self.client.client_id, **sent}
        return send("/oauth/token/", body, headers=headers)

    def redeem(self, code: str, /, **changes: str) -> Any:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": self.verifier,
            **changes,
        }
        return self.token(**{name: value for name, value in sent.items() if value is not None})

    def tokens(self, browser: Browser, **changes: str) -> dict[str, Any]:
        answer = self.redeem(self.code(browser, **changes))
        assert answer.status_code == 200, answer.content
        return answer.json()

    def refresh(self, token: str) -> Any:
        return self.token(grant_type="refresh_token", refresh_token=token)


def send(address: str, body: dict[str, str], **more: Any) -> Any:
    """As programs send forms."""
    return Browser().post(address, urlencode(body), content_type="application/x-www-form-urlencoded", **more)


def answered(response: Any) -> dict[str, str]:
    """What the client reads in the address that the person is sent back to."""
    return dict(parse_qsl(urlsplit(response["Location"]).query))


def bearing(token: str) -> APIClient:
    """A program that sends an access token."""
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return api


def program_of(owner: User, **changes: Any) -> Program:
    given = {
        "name": "Kiln log",
        "flow": clients.AUTHORIZATION_CODE,
        "scopes": SCOPES,
        "redirect_uris": [BACK],
        **changes,
    }
    made = clients.add_client(owner_id=owner.pk, by=Actor.person(owner), **given)
    return Program(made.client, made.secret)


@pytest.fixture
def maker(db: None) -> User:
    return UserFactory(email="maker@example.com")


@pytest.fixture
def user(db: None) -> User:
    return UserFactory(email="nora@example.com", name="Nora Quist")


@pytest.fixture
def nora(user: User) -> Browser:
    """The person's browser, signed in."""
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def program(maker: User) -> Program:
    return program_of(maker)


def signed_in(user: User) -> Browser:
    """A browser of its own in which the person signed in, as people do."""
    browser = Browser()
    browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
    return browser


def say_again(browser: Browser) -> None:
    """Who one is, as sensitive pages ask."""
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
