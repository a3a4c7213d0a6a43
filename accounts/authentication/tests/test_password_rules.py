"""Which passwords are refused and in which words; the data breach learns five figures of a digest and no more."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.authentication import passwords
from accounts.users.models import User

GOOD = "nine cones in a row"


def refusal(password, user=None):
    """Why a password is refused, by the last rule that does; "" when it is taken."""
    try:
        validate_password(password, user)
    except ValidationError as refused:
        return refused.messages[-1]
    return ""


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("password123", "commonly used password"),
        ("qwertyuiop[", "keyboard pattern"),
        ("abcdefghijk", "simple sequence"),
        ("xkqxkqxkqxkq", "repeats the same characters"),
        ("nora.hollow", "similar to your name or email address"),
        ("Christopher", "It is a name"),
    ],
)
def test_what_is_easy_to_guess_is_refused_with_the_reason(password, reason):
    assert reason in refusal(password, User(email="nora.hollow@example.com", name="Nora Hollow"))


@pytest.mark.parametrize("password", [GOOD, "seven kilns at dusk", "clay-and-fire", "w" + "é" * 40 + GOOD, GOOD * 9])
def test_a_few_unrelated_words_are_taken_however_long(password):
    assert refusal(password) == ""


def test_a_refused_password_is_told_at_its_field(client, db):
    answer = client.post(reverse("account_signup"), {"email": "new@example.com", "password1": "qwertyuiop["})

    assert "It is a keyboard pattern." in answer.content.decode()
    assert not User.objects.exists()


class Leaks(BaseHTTPRequestHandler):
    """A list of leaked passwords, as the public one answers."""

    asked: list[str]
    leaked: str
    status: int
    wait: Callable[[], object]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        type(self).wait()
        rest = hashlib.sha1(self.leaked.encode()).hexdigest().upper()[5:]
        self.send_response(self.status)
        self.end_headers()
        with suppress(BrokenPipeError):  # who asked has not waited
            self.wfile.write(f"{'0' * 35}:3\r\n{rest}:27\r\n{'1' * 35}:0\r\n".encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def leaks(settings) -> Iterator[type[Leaks]]:
    kind = type("OwnLeaks", (Leaks,), {"asked": [], "leaked": GOOD, "status": 200, "wait": lambda: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.PASSWORD_BREACH_URL = f"http://127.0.0.1:{server.server_port}/range/"
    yield kind
    server.shutdown()
    server.server_close()


def test_a_leaked_password_is_refused_and_five_figures_leave_the_house(leaks):
    assert "data breach" in refusal(GOOD)

    assert leaks.asked == ["/range/" + hashlib.sha1(GOOD.encode()).hexdigest().upper()[:5]]


def test_another_password_is_taken(leaks):
    assert refusal("seven kilns at dusk") == ""


def test_what_only_pads_the_answer_is_not_leaked(leaks, monkeypatch):
    leaks.leaked = "something else"
    digest = hashlib.sha1(GOOD.encode()).hexdigest().upper()[:5] + "1" * 35
    monkeypatch.setattr(passwords.hashlib, "sha1", lambda *_, **__: type("D", (), {"hexdigest": lambda _: digest})())

    assert refusal(GOOD) == ""


def test_a_list_that_fails_keeps_nobody_out(leaks):
    leaks.status = 503

    assert refusal(GOOD) == ""


def test_a_list_that_is_slow_is_not_waited_for(leaks, monkeypatch):
    go_on = Event()
    monkeypatch.setattr(leaks, "wait", lambda: go_on.wait(60))
    monkeypatch.setattr(passwords, "_get_pool", lambda: passwords.urllib3.PoolManager(timeout=0.2, retries=False))

    refused = refusal(GOOD)
    has_answered = go_on.is_set()
    go_on.set()

    assert (refused, has_answered) == ("", False)
    assert len(leaks.asked) == 1


def test_a_list_that_is_not_there_keeps_nobody_out(settings):
    settings.PASSWORD_BREACH_URL = "http://127.0.0.1:9/range/"

    assert refusal(GOOD) == ""


def test_nobody_is_asked_by_default(leaks, settings):
    settings.PASSWORD_BREACH_URL = ""

    assert refusal(GOOD) == ""
    assert leaks.asked == []
