"""Development's mail: each message is a file, and /dev/mailbox/ shows them. Nothing is sent."""

import email
import email.policy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as ParsedMessage
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.ids import uuid7

SHOWN = 50


class MailboxBackend(BaseEmailBackend):
    """Writes each message whole to `settings.MAILBOX`, named by time."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAILBOX)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            draft = folder / f".{uuid7().hex}.part"
            draft.write_bytes(message.message().as_bytes())
            draft.rename(folder / f"{uuid7().hex}.eml")
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class Mail:
    """A sent message as the mailbox page shows it."""

    id: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str


def messages() -> list[Mail]:
    """The newest messages, newest first."""
    found = sorted(Path(settings.MAILBOX).glob("[!.]*.eml"), reverse=True)[:SHOWN]
    return [_read(path) for path in found]


def message(mail_id: str) -> Mail | None:
    """One message by its id, or None."""
    path = Path(settings.MAILBOX) / f"{mail_id}.eml"
    return _read(path) if mail_id.isalnum() and path.is_file() else None


def _read(path: Path) -> Mail:
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(parsed, ParsedMessage)  # noqa: S101  the default policy makes this class
    return Mail(
        id=path.stem,
        at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        to=str(parsed["to"]),
        subject=str(parsed["subject"]),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
    )


def _part(parsed: ParsedMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
