"""Password validators: guessable passwords and passwords from data breaches."""

import hashlib
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import structlog
import urllib3
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from urllib3.exceptions import HTTPError
from zxcvbn import zxcvbn

from accounts.users.models import User

log = structlog.get_logger(__name__)

MAX_CHECKED_LENGTH: Final = 72  # characters; longer passwords are not weaker
TIMEOUT_SECONDS: Final = 1.5
DIGEST_PREFIX_LENGTH: Final = 5  # hex digits sent to the service; hundreds of passwords share them

REASONS: Final = {
    "passwords": gettext_lazy("It is a commonly used password."),
    "names": gettext_lazy("It is a name."),
    "user_inputs": gettext_lazy("It is similar to your name or email address."),
    "dictionary": gettext_lazy("It is a dictionary word."),
    "spatial": gettext_lazy("It is a keyboard pattern."),
    "repeat": gettext_lazy("It repeats the same characters."),
    "sequence": gettext_lazy("It is a simple sequence of letters or numbers."),
    "date": gettext_lazy("It is a date."),
    "regex": gettext_lazy("It is a year."),
}


class GuessableValidator:
    """Rejects passwords that zxcvbn guesses in fewer than 10^8 attempts, with the reason."""

    def __init__(self, min_score: int = 3) -> None:
        self._min_score = min_score

    def validate(self, password: str, user: User | None = None) -> None:
        found = zxcvbn(password[:MAX_CHECKED_LENGTH], user_inputs=list(_get_user_inputs(user)))
        if found["score"] < self._min_score:
            words = _("This password is easy to guess. %(reason)s Add one or two unrelated words.")
            raise ValidationError(words % {"reason": _get_reason(found["sequence"])}, code="password_guessable")

    def get_help_text(self) -> str:
        return _("A few unrelated words are easy to remember and hard to guess.")


class BreachedValidator:
    """Rejects passwords from a public list of data breaches, queried by the beginning of the digest.

    Off without PASSWORD_BREACH_URL. When the service does not answer in time the password is accepted.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        if settings.PASSWORD_BREACH_URL and _is_breached(password):
            words = _("This password has appeared in a data breach. Choose a different one.")
            raise ValidationError(words, code="password_breached")

    def get_help_text(self) -> str:
        return ""


def _get_user_inputs(user: User | None) -> Iterator[str]:
    if user is not None:
        yield from filter(None, (user.email, *user.email.split("@"), *user.name.split()))
    yield settings.SITE_NAME


def _get_reason(parts: list[dict[str, Any]]) -> str:
    """Return why a password is weak, from the longest part that was recognised."""
    longest = max(parts, key=lambda part: len(part["token"]), default={})
    kind = longest.get("pattern", "")
    if kind == "dictionary":
        source = longest["dictionary_name"]
        kind = "names" if "name" in source else source if source in REASONS else kind
    return str(REASONS.get(kind, _("It is too short.")))


def _is_breached(password: str) -> bool:
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        answer = _get_pool().request(
            "GET", settings.PASSWORD_BREACH_URL + digest[:DIGEST_PREFIX_LENGTH], headers={"Add-Padding": "true"}
        )
    except HTTPError as failure:
        log.warning("breach_list_unreachable", error=type(failure).__name__)
        return False
    # Lines are "rest of a digest:how often"; what only pads the answer is counted 0.
    lines = answer.data.decode(errors="replace").splitlines()
    counts = dict(line.strip().split(":", 1) for line in lines if ":" in line)
    return answer.status == HTTPStatus.OK and counts.get(digest[DIGEST_PREFIX_LENGTH:], "0") != "0"


@cache
def _get_pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=urllib3.Timeout(total=TIMEOUT_SECONDS), retries=False)
