"""Failed sign-in attempts, recorded for the account if there is one.

The entered text is never stored. Where it matches no account, a keyed digest distinguishes one target from many.
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
    """Record a wrong password: user.sign_in_failed."""
    subject, details = _get_subject(typed)
    events.record("user.sign_in_failed", subject, by=Actor.guest(), **details)


@transaction.atomic
def record_throttled_login(*, typed: str) -> None:
    """Record that sign-in was throttled: user.login_throttled."""
    subject, details = _get_subject(typed)
    events.record("user.login_throttled", subject, by=Actor.guest(), **details)


def record_repeated_signup(*, email: str) -> None:
    """Record a sign-up with a registered address: user.sign_up_again."""
    subject, details = _get_subject(email)
    events.record("user.sign_up_again", subject, by=Actor.guest(), **details)


def _get_subject(typed: str) -> tuple[User | tuple[str, str], dict[str, Any]]:
    """Return the subject of the event and its data."""
    typed = find_email(typed)
    if meant := User.objects.filter(emailaddress__email=typed).first():
        return meant, {}
    return ("user", ""), {"typed": salted_hmac("accounts.typed", typed, algorithm="sha256").hexdigest()[:16]}
