"""Attempts to sign in that came to nothing: on the timeline of the person who was meant, if there is one.

What was typed is never kept. Where it fits nobody, a digest of it tells one target from many; it cannot be turned back
without the house's key.
"""

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from core import events
from core.context import Actor


@transaction.atomic
def note_failed(*, typed: str) -> None:
    """Somebody entered a wrong password. Records user.sign_in_failed."""
    _note("user.sign_in_failed", typed)


@transaction.atomic
def note_limited(*, typed: str) -> None:
    """Somebody tried so often that they have to wait. Records user.limited."""
    _note("user.limited", typed)


def _note(name: str, typed: str) -> None:
    typed = typed.strip().lower()
    meant = User.objects.filter(emailaddress__email=typed).first()
    if meant is not None:
        events.record(name, meant, by=Actor.guest())
    else:
        events.record(name, ("user", ""), by=Actor.guest(), typed=_digest(typed))


def _digest(typed: str) -> str:
    return salted_hmac("accounts.typed", typed, algorithm="sha256").hexdigest()[:16]
