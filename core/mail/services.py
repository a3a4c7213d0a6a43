"""Mail, from a template in three parts: subject, text and HTML.

`templates/emails/<name>.txt` begins with a line `Subject: …` and an empty line; `<name>.html` extends the base.
Called from outside handlers only: never inside a transaction, and with the handler's key, so that a repeated attempt
carries the same Message-ID and a mail server or client can drop the twin.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from core import context
from core.validation.email_addresses import ERASED_EMAIL_DOMAIN
from core.validation.text import one_line


def send(
    template: str,
    *,
    to: str,
    key: str,
    values: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Render and send one message; none to somebody who was erased.

    Raises RuntimeError inside a transaction, and what the mail backend raises.
    """
    if transaction.get_connection().in_atomic_block and not settings.MAIL_INSIDE_TRANSACTION:
        raise RuntimeError("mail is sent outside transactions: use an outside event handler")
    if to.endswith(ERASED_EMAIL_DOMAIN):
        return
    message = compose(template, to=to, key=key, values=values)
    message.extra_headers |= headers or {}
    message.send()


def compose(template: str, *, to: str, key: str, values: Mapping[str, Any] | None = None) -> EmailMultiAlternatives:
    """The message `send` sends: text part, HTML part, Message-ID derived from the key, Reply-To if it is set."""
    reply_to = settings.REPLY_TO_EMAIL
    filled = {
        "site": {"name": settings.SITE_NAME, "url": settings.SITE_URL, "reply_to": reply_to},
        **(values or {}),
    }
    head, _, text = render_to_string(f"emails/{template}.txt", filled).lstrip().partition("\n\n")
    subject = one_line(head.removeprefix("Subject:"))
    headers = {"Message-ID": f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{settings.DOMAIN}>"}
    if request_id := context.current().request_id:
        headers["X-Request-ID"] = request_id
    message = EmailMultiAlternatives(
        subject, text.strip() + "\n", to=[to], headers=headers, reply_to=[reply_to] if reply_to else None
    )
    message.attach_alternative(render_to_string(f"emails/{template}.html", {**filled, "subject": subject}), "text/html")
    return message
