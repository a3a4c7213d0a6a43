"""No answer to an app tells who has an account: status, headers, words and work are the same for an unknown address."""

import base64
import time
from uuid import uuid4

import pytest

from accounts.headless import urls
from accounts.headless.tests.fake_app_client import FakeAppClient
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ROUNDS = 4


def passkey(phone, person):
    phone.get("auth/webauthn/login")
    reply = {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": person["handle"]}
    credential = {"id": "a2V5LTE", "rawId": "a2V5LTE", "type": "public-key", "response": reply}
    return phone.send("auth/webauthn/login", {"credential": credential})


def after_a_code(path, data=None):
    def ask(phone, person):
        phone.send("auth/code/request", {"email": person["email"]})
        return phone.send(path, data)

    return ask


def after_signing_up(path, data=None):
    def ask(phone, person):
        phone.send("auth/signup", {"email": person["email"], "password": "nine cones in a row"})
        return phone.send(path, data)

    return ask


def twice(phone, person):
    given = {"email": person["email"], "password": "nine cones in a row"}
    phone.send("auth/signup", given)
    return FakeAppClient(phone.http.defaults["REMOTE_ADDR"]).send("auth/signup", given)


WAYS = {
    "sign in": lambda phone, person: phone.send("auth/login", {"email": person["email"], "password": "a wrong one"}),
    "sign up": lambda phone, person: phone.send(
        "auth/signup", {"email": person["email"], "password": "nine cones in a row"}
    ),
    "sign up twice": twice,
    "sign up with a passkey": lambda phone, person: phone.send("auth/webauthn/signup", {"email": person["email"]}),
    "enter a wrong code after signing up": after_signing_up("auth/email/verify", {"key": "BBBB-BBBB"}),
    "ask for another code after signing up": after_signing_up("auth/email/verify/resend"),
    "reset": lambda phone, person: phone.send("auth/password/request", {"email": person["email"]}),
    "ask for a code": lambda phone, person: phone.send("auth/code/request", {"email": person["email"]}),
    "enter a wrong code": after_a_code("auth/code/confirm", {"code": "BBBB-BBBB"}),
    "ask for another code": after_a_code("auth/code/resend"),
    "sign in by passkey": passkey,
}


def handle_of(uid):
    return base64.urlsafe_b64encode(uid.bytes).decode().rstrip("=")


def person(n, *, is_known):
    if not is_known:
        return {"email": f"other{n}@example.com", "handle": handle_of(uuid4())}
    user = UserFactory(email=f"known{n}@example.com")
    return {"email": user.email, "handle": handle_of(user.uid)}


def seen(answer):
    body = answer.json()
    body.get("meta", {}).pop("session_token", None)
    return answer.status_code, {name for name in answer.headers if name != "X-Request-ID"}, body


# What takes no address, or none of somebody else: signed in, or after a step that is in the table.
NO_ADDRESS = {
    "config",
    "auth/session",
    "auth/reauthenticate",
    "auth/2fa/authenticate",
    "auth/2fa/reauthenticate",
    "auth/webauthn/authenticate",
    "auth/webauthn/reauthenticate",
    "account/email",
    "account/password/change",
    "account/authenticators",
    "account/authenticators/totp",
    "account/authenticators/recovery-codes",
    "account/authenticators/webauthn",
    "tokens/refresh",
}


def test_every_endpoint_that_takes_an_address_is_in_the_table():
    asked = set()

    class Noted(FakeAppClient):
        def send(self, path, *given, **more):
            asked.add(path)
            return super().send(path, *given, **more)

    for way in WAYS.values():
        way(Noted(), person(0, is_known=False))

    served = {pattern.name for pattern in urls.urlpatterns} - {"openapi_yaml"}
    assert served - NO_ADDRESS == asked


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_known_and_unknown_are_answered_alike(way, settings):
    settings.PASSWORD_HASHERS = ["accounts.authentication.hashers.Argon2id"]
    fastest: dict[bool, float] = {}
    answers = {}
    for n in range(ROUNDS):
        for is_known in (True, False):
            who, phone = person(n, is_known=is_known), FakeAppClient(f"203.0.113.{n * 2 + is_known}")
            started = time.thread_time()  # the work done: what else the machine does is no answer to anybody
            answer = way(phone, who)
            fastest[is_known] = min(time.thread_time() - started, fastest.get(is_known, 99))
            answers[is_known] = seen(answer)

    assert answers[True] == answers[False]
    assert 0.5 < fastest[True] / fastest[False] < 2, fastest
