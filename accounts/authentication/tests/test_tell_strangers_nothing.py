"""No form tells who has an account: in text, status, headers and time an unknown address is answered like a known one."""

import base64
import json
import re
import time
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve, reverse

from accounts.tests.factories import UserFactory
from core.events.models import Event
from core.testing import snapshot

pytestmark = pytest.mark.django_db

ROUNDS = 5
CODE = reverse("account_confirm_login_code")


@dataclass(frozen=True, slots=True)
class Form:
    """Where it is sent, what is typed (with the address in it), and which form is sent before it."""

    name: str
    typed: dict[str, str]
    before: "Form | None" = None

    def send(self, browser, person):
        if self.before:
            self.before.send(browser, person)
        typed = {field: value.format(**person) for field, value in self.typed.items()}
        return browser.post(reverse(self.name), typed, follow=True)


ANSWER = json.dumps(
    {
        "id": "a2V5LTE",
        "rawId": "a2V5LTE",
        "type": "public-key",
        "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "HANDLE"},
    }
).replace("{", "{{").replace("}", "}}").replace("HANDLE", "{handle}")  # fmt: skip
ASK = Form("account_request_login_code", {"email": "{email}"})
FORMS = {
    "sign in": Form("account_login", {"login": "{email}", "password": "a wrong password"}),
    "sign up": Form("account_signup", {"email": "{email}", "password1": "nine cones in a row"}),
    "sign up with a passkey": Form("account_signup_by_passkey", {"email": "{email}"}),
    "ask for another code after signing up": Form(
        "account_email_verification_sent",
        {"action": "resend"},
        before=Form("account_signup", {"email": "{email}", "password1": "nine cones in a row"}),
    ),
    "enter a wrong code after signing up": Form(
        "account_email_verification_sent",
        {"code": "BBBB-BBBB"},
        before=Form("account_signup", {"email": "{email}", "password1": "nine cones in a row"}),
    ),
    "reset": Form("account_reset_password", {"email": "{email}"}),
    "ask for a code": ASK,
    "enter a wrong code": Form("account_confirm_login_code", {"code": "BBBB-BBBB"}, before=ASK),
    "ask for another code": Form("account_confirm_login_code", {"action": "resend"}, before=ASK),
    "sign in by passkey": Form("mfa_login_webauthn", {"credential": ANSWER}),
}


def known(n):
    user = UserFactory(email=f"known{n}@example.com")
    return {"email": user.email, "handle": base64.urlsafe_b64encode(user.uid.bytes).decode().rstrip("=")}


def unknown(n):
    return {"email": f"other{n}@example.com", "handle": base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")}


def seen(answer, person):
    """All that a stranger can compare: the way there, status, headers, the page without what differs by nature."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    headers = {name for name in answer.headers if name != "X-Request-ID"}
    return answer.redirect_chain, answer.status_code, headers, page.replace(person["email"], "…")


@pytest.fixture
def with_real_hashes(settings):
    settings.PASSWORD_HASHERS = ["accounts.authentication.hashers.Argon2id"]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_known_and_unknown_are_answered_alike(form, with_real_hashes):
    fastest: dict[bool, float] = {}
    answers = {}
    for n in range(ROUNDS):
        for is_known in (True, False):
            person = known(n) if is_known else unknown(n)
            browser = Client(REMOTE_ADDR=f"203.0.113.{n * 2 + is_known}")
            started = time.thread_time()  # the work done: what else the machine does is no answer to anybody
            answer = form.send(browser, person)
            fastest[is_known] = min(time.thread_time() - started, fastest.get(is_known, 99))
            answers[is_known] = seen(answer, person)

    assert answers[True] == answers[False]
    assert 0.5 < fastest[True] / fastest[False] < 2, fastest


def test_signing_up_again_and_again_is_answered_alike(with_real_hashes):
    answers = {}
    for is_known, person in ((True, known(0)), (False, unknown(0))):
        browser = Client(REMOTE_ADDR=f"203.0.113.{is_known:d}")
        answers[is_known] = [seen(FORMS["sign up"].send(browser, person), person) for _ in range(4)]

    assert answers[True] == answers[False]


def test_of_the_work_that_a_known_address_takes_nothing_stays():
    person = known(0)
    before = snapshot("accounts.User", "account.EmailAddress")

    FORMS["sign up"].send(Client(), person)

    assert snapshot("accounts.User", "account.EmailAddress") == before
    assert list(Event.objects.values_list("name", flat=True)) == ["user.sign_up_again"]
    assert [message.to for message in mail.outbox] == [[person["email"]]]


# Tests of their own: shop/order_management/tests/test_order_page.py, accounts/subscriptions/tests/test_ask_for_letters.py.
ELSEWHERE = {"shop:find_order", "subscriptions:index"}


def test_every_form_that_takes_an_address_is_in_the_table():
    asking = set()
    for address in addresses_without_parts(get_resolver()):
        page = Client().get(address)
        if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
            asking |= {resolve(action or address).view_name for action in forms_with_an_address(page)}

    assert asking == {form.name for form in FORMS.values() if "email" in str(form.typed)} | ELSEWHERE


def addresses_without_parts(resolver, before="/"):
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern).lstrip("^").removesuffix("$")
        if "<" in route or route.startswith(("/admin/", "/api/", "/shop/checkout")):
            continue
        if isinstance(pattern, URLResolver):
            yield from addresses_without_parts(pattern, route)
        else:
            yield route


def forms_with_an_address(page):
    """Where each form goes that has a field for an address; "" for the page itself."""
    for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page.content.decode(), re.DOTALL):
        if 'type="email"' in inside:
            yield (re.search(r'action="([^"]*)"', attributes) or ["", ""])[1].partition("?")[0]
