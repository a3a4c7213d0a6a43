"""Every message about an account can be read with and without HTML."""

from pathlib import Path

import pytest
from django.conf import settings

from core.mail import services as mail

FOLDER = Path(settings.BASE_DIR) / "templates" / "emails"
NAMES = sorted(path.stem for path in FOLDER.glob("account_*.txt"))
VALUES = {
    "email": "nora@example.com",
    "code": "BCDF-GHJK",
    "password_reset_url": "https://agora.example/account/password/reset/key/1-abc/",
    "signup_url": "https://agora.example/account/signup/",
    "from_email": "old@example.com",
    "to_email": "new@example.com",
    "deleted_email": "gone@example.com",
}
SAYS = {
    "account_email_confirmation": ("BCDF-GHJK", "nora@example.com"),
    "account_email_confirmation_signup": ("BCDF-GHJK",),
    "account_account_already_exists": (VALUES["password_reset_url"],),
    "account_password_reset_key": (VALUES["password_reset_url"],),
    "account_unknown_account": (VALUES["signup_url"],),
    "account_login_code": ("BCDF-GHJK",),
    "account_email_changed": ("old@example.com", "new@example.com"),
    "account_email_deleted": ("gone@example.com",),
}


def test_there_is_a_message_for_everything_that_is_told():
    assert len(NAMES) == 18
    assert set(SAYS) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_message_says_in_text_and_html_what_it_must(name):
    message = mail.compose(name, to="nora@example.com", key="k", values=VALUES)

    html = message.alternatives[0][0]
    assert 10 < len(message.subject) < 60
    for body in (message.body, html):
        assert "{" not in body.split("</style>")[-1]
        assert all(part in body for part in SAYS.get(name, ())), body
        assert "You receive this email because" in body
