"""Whatever is sent to whatever an app may call, at whatever step: it is answered, and never by a fault."""

import json

import pytest

from accounts.headless.tests.fake_app_client import APP, FakeAppClient, code_in, with_app
from accounts.headless.tests.test_describe_for_apps import served
from accounts.headless.urls import urlpatterns
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

FIELDS = ("email", "password", "code", "key", "credential", "name", "id", "authenticators", "refresh_token", "primary",
          "new_password", "current_password", "passwordless", "username", "phone")  # fmt: skip
CREDENTIAL = {
    "id": "x",
    "rawId": "x",
    "type": "public-key",
    "response": {"clientDataJSON": "x", "attestationObject": 1},
}
VALUES = (None, "x", 1e300, True, {}, [None], [["x"]], "nora@example.com", "\0", "x" * 5000, CREDENTIAL,
          {**CREDENTIAL, "rawId": "eA", "id": "eA"}, {"response": {"userHandle": 7}})  # fmt: skip
BODIES = (b"", b"null", *(json.dumps(dict.fromkeys(FIELDS, value)).encode() for value in VALUES))


def nobody(user, mailoutbox):
    return FakeAppClient()


def at_the_code(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": user.email})
    return phone


def at_a_code_of_nobody(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/code/request", {"email": "unknown@example.com"})
    return phone


def at_the_address(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/signup", {"email": "new@example.com", "password": "nine cones in a row"})
    return phone


def at_an_address_of_somebody_else(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/signup", {"email": user.email, "password": "nine cones in a row"})
    return phone


def at_the_first_passkey(user, mailoutbox):
    phone = FakeAppClient()
    phone.send("auth/webauthn/signup", {"email": "new@example.com"})
    phone.send("auth/email/verify", {"key": code_in(mailoutbox[-1])})
    phone.get("auth/webauthn/signup")
    return phone


def at_the_factor(user, mailoutbox):
    with_app(user)
    phone = FakeAppClient()
    phone.sign_in(user)
    return phone


def signed_in(user, mailoutbox):
    phone = FakeAppClient()
    phone.sign_in(user)
    return phone


STEPS = {
    nobody: ("",),
    signed_in: ("",),
    at_the_code: ("auth/code/",),
    at_a_code_of_nobody: ("auth/code/",),
    at_the_address: ("auth/email/",),
    at_an_address_of_somebody_else: ("auth/email/",),
    at_the_first_passkey: ("auth/webauthn/signup",),
    at_the_factor: ("auth/2fa/", "auth/webauthn/authenticate"),
}
CASES = [
    (step, method, path)
    for step, goes_on in STEPS.items()
    for method, path in sorted(served())
    if path.removeprefix(APP).startswith(goes_on)
]


@pytest.mark.parametrize(("step", "method", "path"), CASES)
def test_no_answer_is_a_fault(step, method, path, mailoutbox, settings, monkeypatch):
    monkeypatch.setattr("accounts.headless.endpoints.CALL_RATE", "100000/minute")
    settings.ACCOUNT_RATE_LIMITS = False
    phone = step(UserFactory(email="nora@example.com"), mailoutbox)
    held = {"Authorization": f"Bearer {phone.access}"} if phone.access else {"X-Session-Token": phone.steps}
    headers = {name: value for name, value in held.items() if value}

    for body in (b"",) if method == "get" else BODIES:
        answer = phone.http.generic(method.upper(), path, body, content_type="application/json", headers=headers)
        assert answer.status_code < 500, (body, answer.content)
        assert answer["Content-Type"] == "application/json", body


def test_there_is_no_address_that_is_not_asked():
    assert len(urlpatterns) - 1 == len({path for _method, path in served()})
