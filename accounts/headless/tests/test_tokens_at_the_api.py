"""An app's token at the API: it does what its person's session may, without CSRF; whatever else has three parts does not."""

from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.authentication import app_tokens
from accounts.authentication.app_tokens import AppToken, TokenUse
from accounts.headless.tests.fake_app_client import FakeAppClient, add_key
from accounts.oauth.services import signing_keys
from accounts.sessions.models import Device
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.testing import snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory(email="nora@example.com", name="Nora")


def held(user):
    device = Device.objects.get(user=user)
    return AppToken(user.uid, device.app_session, device.refresh_id)


def forged(user, **other):
    """A token of this session, well signed, with other claims; None leaves one out."""
    claims = jwt.decode(
        app_tokens.issue_token(TokenUse.ACCESS, held(user), now=timezone.now()), options={"verify_signature": False}
    )
    claims |= other
    return jwt.encode(
        {k: v for k, v in claims.items() if v is not None}, app_tokens._get_signing_keys()[0], algorithm="HS256"
    )


def id_token(user, settings):
    signing_keys.get_published_keys()
    key = signing_keys.get_published_keys()[0].jwk
    claims = {"iss": settings.SITE_URL, "aud": "some-client", "sub": str(user.uid), "iat": 1, "exp": 9_999_999_999}
    return jwt.encode(claims, key.export_to_pem(private_key=True, password=None), algorithm="RS256")


def test_a_write_needs_no_csrf_token(phone):
    assert phone.api("me/", {"name": "Nora Quist"}, "patch").status_code == 200

    assert User.objects.get().name == "Nora Quist"


def test_a_token_may_all_that_a_session_may(phone, user):
    browser = Client()
    browser.post("/account/login/", {"login": user.email, "password": PASSWORD})

    for path in ("me/", "me/api_keys/", "me/activity/", "me/exports/", "orders/", "rooms/"):
        assert phone.api(path).status_code == browser.get(f"/api/v1/{path}").status_code == 200, path


BAD = {
    "another's signature": lambda user, settings: jwt.encode({"sub": "x"}, "k" * 32, algorithm="HS256"),
    "no signature": lambda user, settings: jwt.encode({"sub": str(user.uid)}, None, algorithm="none"),
    "an ID token of ours": id_token,
    "a refresh token": lambda user, settings: app_tokens.issue_token(TokenUse.REFRESH, held(user), now=timezone.now()),
    "another audience": lambda user, settings: forged(user, aud="https://elsewhere.example/api/"),
    "another issuer": lambda user, settings: forged(user, iss="https://elsewhere.example"),
    "another person": lambda user, settings: forged(user, sub=str(UserFactory().uid)),
    "another session": lambda user, settings: forged(user, sid=str(uuid4())),
    "no session": lambda user, settings: forged(user, sid=None),
    "no number": lambda user, settings: forged(user, jti=None),
    "no end": lambda user, settings: forged(user, exp=None),
    "a session that is none": lambda user, settings: forged(user, sid="1"),
    "a person that is a number": lambda user, settings: forged(user, sub=str(user.pk)),
    "its time is over": lambda user, settings: app_tokens.issue_token(
        TokenUse.ACCESS, held(user), now=timezone.now() - timedelta(minutes=6)
    ),
    "three parts of nothing": lambda user, settings: "a.b.c",
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_access_token_of_ours_is_refused_and_changes_nothing(phone, user, settings, bad):
    phone.access = bad(user, settings)
    before = snapshot("accounts.User", "accounts.Device", "core.Event")

    answers = [phone.api("me/", {"name": "Mine"}, "patch"), phone.api("products/"), phone.get("account/email")]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert all('error="invalid_token"' in answer["WWW-Authenticate"] for answer in answers)
    assert snapshot("accounts.User", "accounts.Device", "core.Event") == before


def test_an_access_token_refreshes_nothing(phone):
    assert phone.renew(phone.access).status_code == 400

    assert phone.renew().status_code == 200


def test_trying_tokens_ends_after_thirty(phone, user):
    good, phone.access = phone.access, forged(user, sid=str(uuid4()))

    answers = [phone.api("me/").status_code for _ in range(31)]

    assert answers == [401] * 30 + [429]
    phone.access = good
    assert phone.api("me/").status_code == 200


def test_a_token_that_has_run_out_is_no_try(phone, user):
    phone.access = app_tokens.issue_token(TokenUse.ACCESS, held(user), now=timezone.now() - timedelta(minutes=6))

    assert [phone.api("me/").status_code for _ in range(35)] == [401] * 35


def test_a_new_data_key_ends_no_token_and_signs_the_next(phone, settings):
    first, (old, *_) = phone.access, settings.DATA_KEYS
    settings.DATA_KEYS = ["bmV3LWRhdGEta2V5LW5ldy1kYXRhLWtleS1uZXctZGE=", old]

    assert phone.api("me/").status_code == 200
    assert phone.renew().status_code == 200
    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert phone.api("me/").status_code == 200
    phone.access = first
    assert phone.api("me/").status_code == 401


def test_a_new_secret_key_ends_no_session_of_an_app_while_the_old_one_is_kept(phone, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10

    assert phone.api("me/").status_code == 200
    assert phone.renew().status_code == 200


def statements(ask):
    with CaptureQueriesContext(connection) as asked:
        assert ask().status_code == 200
    return len([query for query in asked if "SAVEPOINT" not in query["sql"]])


def test_a_token_costs_fewer_queries_than_a_session(phone, user):
    browser = Client()
    browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
    browser.get("/api/v1/me/")

    by_token = statements(lambda: phone.api("me/"))

    assert by_token == statements(lambda: browser.get("/api/v1/me/")) - 1


def test_what_the_steps_cost(user):
    phone = FakeAppClient()

    assert statements(lambda: phone.sign_in(user)) <= 16
    assert statements(lambda: phone.get("auth/session")) <= 3
    assert statements(phone.renew) <= 5


@pytest.mark.parametrize("many", [1, 24])
def test_a_list_of_keys_costs_the_same_for_many(phone, user, many):
    for n in range(many):
        add_key(user, f"key-{n}")

    assert statements(lambda: phone.get("account/authenticators")) <= 4
    assert len(phone.get("account/authenticators").json()["data"]) == many
