"""Denials of API keys and clients in the security log, for their owners.

Only for existing credentials. Once an hour for each credential and reason, because a broken client repeats itself.
"""

from typing import Final

from django.db import transaction

from core import rate_limits
from core.context import Actor
from core.events import services as events

RECORD_RATE: Final = "1/hour"


def record_denial(*, subject: tuple[str, str], why: str, endpoint: str, by: Actor) -> None:
    """Record a denial. `subject` is ("api_key", uid) or ("client", id), `why` a code.

    Records nothing without Redis, because the rate is unknown. Records api_key.refused or client.refused.
    """
    if not rate_limits.hit(RECORD_RATE, "refused", *subject, why, fail_closed=True).allowed:
        return
    with transaction.atomic():
        events.record(f"{subject[0]}.refused", subject, by=by, why=why, endpoint=endpoint)
