"""Development keeps its mail and shows it; production has no such address."""

import subprocess
import sys

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection

from core.mail import mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.urls("config.tests.development_urls")]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MAILBOX = tmp_path / "mail"


def send(subject: str, html: str = "") -> str:
    """Send through the development backend; returns the id of the kept message."""
    message = EmailMultiAlternatives(
        subject,
        "Your code is 123 <b>",
        to=["clara@example.com"],
        connection=get_connection("core.mail.mailbox.MailboxBackend"),
    )
    if html:
        message.attach_alternative(html, "text/html")
    message.send()
    return mailbox.messages()[0].id


def test_an_empty_mailbox_says_how_to_fill_it(client):
    assert b"No mail yet" in client.get("/dev/mailbox/").content


def test_messages_are_listed_newest_first(client):
    send("First")
    send("Second <b>")

    html = client.get("/dev/mailbox/").content.decode()

    assert html.index("Second &lt;b&gt;") < html.index("First")
    assert html.count("clara@example.com") == 2


def test_a_message_shows_its_text_and_frames_its_html(client):
    mail_id = send("Welcome", "<html><head></head><body><h1>Hello</h1></body></html>")

    page = client.get(f"/dev/mailbox/{mail_id}/")

    html = page.content.decode()
    assert "Your code is 123 &lt;b&gt;" in html
    assert f'src="/dev/mailbox/{mail_id}/body/"' in html
    assert "sandbox=" in html
    assert "frame-src 'self'" in page["Content-Security-Policy"]


def test_the_framed_part_runs_no_script(client):
    mail_id = send("Welcome", "<html><head></head><body><script>alert(1)</script></body></html>")

    page = client.get(f"/dev/mailbox/{mail_id}/body/")

    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_blank">' in page.content


def test_a_text_message_has_no_frame(client):
    assert b"<iframe" not in client.get(f"/dev/mailbox/{send('Plain')}/").content


@pytest.mark.parametrize("mail_id", ["nothing", "..", "%2e%2e%2fsecret"])
def test_what_is_not_there_is_not_found(client, mail_id):
    assert client.get(f"/dev/mailbox/{mail_id}/").status_code == 404


def test_production_has_neither_mailbox_nor_local_media():
    program = (
        "import django; django.setup()\n"
        "from django.urls import Resolver404, resolve\n"
        "for path in ('/dev/mailbox/', '/media/a.webp'):\n"
        "    try: resolve(path)\n"
        "    except Resolver404: print('no', path)\n"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "SECRET_KEY": "x" * 50,
        "DATA_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1kYXRhLWtleS0wMTIzNDU=",
        "DOMAIN": "shop.example",
        "DATABASE_URL": "postgres://localhost/agora",
        "REDIS_URL": "redis://localhost:6379/0",
    }

    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert ran.stdout.split("\n")[-3:-1] == ["no /dev/mailbox/", "no /media/a.webp"]
