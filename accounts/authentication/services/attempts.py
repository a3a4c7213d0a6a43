"""Attempts to sign in that came to nothing: on the timeline of the person who was meant, if there is one.

What was typed is never kept. Where it fits nobody, a digest of it tells one target from many; it cannot be turned back
without the house's key.
"""

from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.users.models import User
from core.context import Actor
from core.events import services as events
from core.validation.email_addresses import find_email


@transaction.atomic
def record_failed_login(*, typed: str) -> None:
    """Somebody entered a wrong password. Records user.sign_in_failed."""
    subject, told = _get_subject(typed)
    events.record("user.sign_in_failed", subject, by=Actor.guest(), **told)


@transaction.atomic
def record_throttled_login(*, typed: str) -> None:
    """Somebody tried so often that they have to wait. Records user.login_throttled."""
    subject, told = _get_subject(typed)
    events.record("user.login_throttled", subject, by=Actor.guest(), **told)


def record_repeated_signup(*, email: str) -> None:
    """Somebody tried to make an account with an address that has one. Records user.sign_up_again."""
    subject, told = _get_subject(email)
    events.record("user.sign_up_again", subject, by=Actor.guest(), **told)


def _get_subject(typed: str) -> tuple[User | tuple[str, str], dict[str, Any]]:
    """Who was meant, and what is told of what was typed."""
    typed = find_email(typed)
    if meant := User.objects.filter(emailaddress__email=typed).first():
        return meant, {}
    return ("user", ""), {"typed": salted_hmac("accounts.typed", typed, algorithm="sha256").hexdigest()[:16]}
