"""What programs were refused, in the security log: who has a key or a client sees where it is used amiss, or by whom.

Only of credentials that are somebody's; who sends none or an invented one is nobody. Once an hour for each credential
and reason: a program that errs does so often.
"""

from typing import Final

from django.db import transaction

from core import rate_limits
from core.context import Actor
from core.events import services as events

RECORD_RATE: Final = "1/hour"


def record_denial(*, subject: tuple[str, str], why: str, endpoint: str, by: Actor) -> None:
    """Note that a program was refused. `subject` is ("api_key", its uid) or ("client", its id), `why` a code.

    Without Redis nothing is noted: nobody could say how often it was. Records api_key.refused or client.refused.
    """
    if not rate_limits.hit(RECORD_RATE, "refused", *subject, why, fail_closed=True).allowed:
        return
    with transaction.atomic():
        events.record(f"{subject[0]}.refused", subject, by=by, why=why, endpoint=endpoint)
