"""Mail has three parts, the same id on every attempt, and never leaves from inside a transaction."""

import email
import email.policy
from pathlib import Path

import pytest
from django.core import mail as django_mail
from django.db import transaction

from core.mail import mailbox
from core.mail import services as mail


@pytest.fixture(autouse=True)
def letter(settings, tmp_path):
    """A template of the test's own."""
    folder = tmp_path / "templates" / "emails"
    folder.mkdir(parents=True)
    (folder / "letter.txt").write_text("Subject: Hello {{ name }}\n\nDear {{ name }},\nfrom {{ site.name }}.\n")
    (folder / "letter.html").write_text("<title>{{ subject }}</title><p>Dear {{ name }}</p>")
    templates = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    settings.TEMPLATES = templates


def send() -> None:
    mail.send("letter", to="clara@example.com", key="event-1:handler", values={"name": "Clara"})


def test_it_works(settings):
    settings.SITE_NAME = "Agora"

    send()

    (sent,) = django_mail.outbox
    assert (sent.subject, sent.to) == ("Hello Clara", ["clara@example.com"])
    assert sent.body == "Dear Clara,\nfrom Agora.\n"
    assert sent.alternatives[0].content == "<title>Hello Clara</title><p>Dear Clara</p>"


@pytest.mark.parametrize(("setting", "expected"), [("", []), ("help@shop.example", ["help@shop.example"])])
def test_answers_go_where_they_are_read_or_nowhere(settings, setting, expected):
    settings.REPLY_TO_EMAIL = setting

    send()

    assert django_mail.outbox[0].reply_to == expected


def test_a_repeated_attempt_has_the_same_message_id():
    send()
    send()

    first, second = (message.extra_headers["Message-ID"] for message in django_mail.outbox)
    assert first == second


def test_a_name_cannot_add_a_header():
    mail.send("letter", to="clara@example.com", key="k", values={"name": "C\nBcc: all@example.com"})

    assert "\n" not in django_mail.outbox[0].subject


@pytest.mark.django_db
def test_inside_a_transaction_it_refuses(settings):
    settings.MAIL_INSIDE_TRANSACTION = False

    with pytest.raises(RuntimeError, match="outside transactions"), transaction.atomic():
        send()

    assert django_mail.outbox == []


def test_the_development_mailbox_keeps_and_shows_messages(settings, tmp_path):
    settings.MAILBOX = tmp_path / "mailbox"
    settings.EMAIL_BACKEND = "core.mail.mailbox.MailboxBackend"

    send()

    (kept,) = mailbox.messages()
    assert (kept.to, kept.subject) == ("clara@example.com", "Hello Clara")
    assert "Dear Clara" in kept.text
    assert "<p>Dear Clara</p>" in kept.html
    assert mailbox.message(kept.id) == kept
    raw = email.message_from_bytes(next(Path(settings.MAILBOX).glob("*.eml")).read_bytes(), policy=email.policy.default)
    assert raw["Message-ID"].endswith("@localhost>")


@pytest.mark.parametrize("mail_id", ["../../etc/passwd", "nothing", "", ".."])
def test_the_mailbox_shows_nothing_else(settings, tmp_path, mail_id):
    settings.MAILBOX = tmp_path / "mailbox"

    assert mailbox.message(mail_id) is None


@pytest.mark.parametrize(
    "separator", ["\r", "\n", "\r\n", "\n\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_subject_is_one_line_whatever_separates_lines(settings, separator):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [settings.BASE_DIR / "templates"]}]
    post = {"title": f"CR{separator}Injected: x", "excerpt": ""}

    message = mail.compose("new_post", to="clara@example.com", key="k", values={"post": post})

    assert "CR Injected: x" in message.subject
    assert len(message.subject.splitlines()) == 1
    assert message.message()["Injected"] is None
