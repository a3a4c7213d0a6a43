"""Spam check of a text, based on earlier texts and the rules of moderation.spam.

Only a digest of the text is stored, for a week. Texts by staff and trusted people are not checked.
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
    message = _("This looks like spam. Rephrase it without links, or contact us.")


def check_text(
    *, text: str, by: Actor, how: SubmissionContext = NO_CONTEXT, is_trusted: bool = False, now: datetime | None = None
) -> SpamScore:
    """Return the spam score of a text and store a signal in the caller's transaction. Three queries.

    `is_trusted` is for people the caller knows, such as `is_buyer`. Raises LooksLikeSpam from spam.REFUSE_SCORE.
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
    """Whether somebody bought something and did not return it. One query."""
    return by.user is not None and Entitlement.objects.of(by.user).running(now).filter(kind="product").exists()


def purge_expired(*, now: datetime | None = None) -> None:
    """Delete old signals."""
    Trace.objects.filter(at__lt=(now or timezone.now()) - SIGNAL_RETENTION).delete()


def _count_earlier(author: str, digest: str, now: datetime) -> tuple[int, int]:
    """Return how much the author wrote in the last hour, and how often the same text was written lately."""
    mine, same = Q(author=author, at__gt=now - RATE_WINDOW), Q(digest=digest) & ~Q(digest="")
    counted = Trace.objects.filter(mine | same, at__gt=now - SIGNAL_RETENTION)
    found = counted.aggregate(lately=Count("pk", filter=mine), twins=Count("pk", filter=same))
    return found["lately"], found["twins"]
