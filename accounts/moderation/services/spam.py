"""Whether what somebody wants to say looks like spam, from what was said before, by the rules of moderation.spam.

Of a text only a digest is kept, for a week. What staff and trusted people write is not looked at.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.bans import services as bans
from accounts.moderation.models import SpamWord, Trace
from accounts.moderation.spam import Outcome, SpamScore, SpamSignals, SubmissionContext, fingerprint, score
from accounts.permissions.models import Entitlement
from core.context import Actor
from core.errors import Invalid

RATE_WINDOW: Final = timedelta(hours=1)
SIGNAL_RETENTION: Final = timedelta(days=7)
NEW_ACCOUNT_AGE: Final = timedelta(days=1)
NO_CONTEXT: Final = SubmissionContext()


class LooksLikeSpam(Invalid):
    code = "looks_like_spam"
    message = _("This looks like an advertisement to us. Say it in other words and without links, or write to us.")


def check_text(
    *, text: str, by: Actor, how: SubmissionContext = NO_CONTEXT, is_trusted: bool = False, now: datetime | None = None
) -> SpamScore:
    """How much it looks like spam; a trace of it is kept in the caller's transaction. Three queries.

    `is_trusted` is for whom the caller knows well, such as `is_buyer`. Raises LooksLikeSpam from spam.REFUSE points on.
    """
    now = now or timezone.now()
    if is_trusted or by.kind == "system" or (by.user is not None and by.user.is_staff):
        return SpamScore()
    author = by.id if by.user is not None else bans.compute_digest(how.network)
    digest = fingerprint(text)
    lately, twins = _count_earlier(author, digest, now)
    signals = SpamSignals(
        text=text,
        words=dict(SpamWord.objects.values_list("text", "points")),
        lately=lately,
        twins=twins,
        is_new=by.user is None or by.user.created_at > now - NEW_ACCOUNT_AGE,
        how=how,
    )
    verdict = score(signals)
    if verdict.outcome is Outcome.REFUSED:
        raise LooksLikeSpam(field="body", score=verdict.score, reasons=verdict.reasons)
    Trace.objects.create(digest=digest, author=author, at=now)
    return verdict


def is_buyer(by: Actor, now: datetime) -> bool:
    """Whether somebody bought something here and kept it. One query."""
    return by.user is not None and Entitlement.objects.of(by.user).running(now).filter(kind="product").exists()


def purge_expired(*, now: datetime | None = None) -> None:
    """Forget traces that tell nothing any more."""
    Trace.objects.filter(at__lt=(now or timezone.now()) - SIGNAL_RETENTION).delete()


def _count_earlier(author: str, digest: str, now: datetime) -> tuple[int, int]:
    """What the author wrote in the last hour, and how often the same was written in the last days."""
    mine, same = Q(author=author, at__gt=now - RATE_WINDOW), Q(digest=digest) & ~Q(digest="")
    counted = Trace.objects.filter(mine | same, at__gt=now - SIGNAL_RETENTION)
    found = counted.aggregate(lately=Count("pk", filter=mine), twins=Count("pk", filter=same))
    return found["lately"], found["twins"]
