"""Letters to everybody who follows a topic: written down in one statement, then sent in small handfuls.

`spread` runs in the transaction of an in-database handler, so an event's letters are written down exactly once; the
unique key of a letter holds that even where something is told twice. Sending is at least once: a worker that dies
between the mail server's yes and ours leaves a letter that another sends again, under the same Message-ID.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.subscriptions import topics
from accounts.subscriptions.models import Letter, Subscription
from accounts.subscriptions.services import subscriptions
from core.context import Actor
from core.mail import services as mail
from core.task_queue import enqueue_best_effort

log = structlog.get_logger(__name__)

BATCH_SIZE: Final = 50
# How long one task goes on before it makes room for others, and how long a handful may take it.
MAX_RUN_SECONDS: Final = 20.0
LEASE: Final = timedelta(minutes=5)
FIRST_RETRY_DELAY: Final = timedelta(minutes=1)
MAX_ATTEMPTS: Final = 6
NOTIFICATION_RETENTION: Final = timedelta(days=90)
SYSTEM_ACTOR: Final = Actor.system("letters")

ENQUEUE_SQL = """
INSERT INTO accounts_letter (subscription_id, key, about, state, attempts, next_at, created_at)
SELECT id, %(key)s, %(about)s, 'waiting', 0, now(), %(now)s FROM accounts_subscription
WHERE topic = %(topic)s AND state = 'active' AND user_id IS DISTINCT FROM %(except)s
ON CONFLICT (subscription_id, key) DO NOTHING
"""


def enqueue_for_topic(
    *, topic: str, key: str, about: str, except_user_id: int | None = None, now: datetime | None = None
) -> int:
    """Write a letter down for everybody who follows the topic, but one person; returns how many. One statement.

    `key` names what happened: whoever has a letter under it gets no second. To be called in a transaction.
    """
    # Nobody has the id 0: without it the rows of strangers would be left out.
    values: dict[str, Any] = {"topic": topic, "key": key, "about": about, "now": now or timezone.now()}
    values["except"] = except_user_id or 0
    with connection.cursor() as cursor:
        cursor.execute(ENQUEUE_SQL, values)
        written = int(cursor.rowcount)
    if written:
        transaction.on_commit(partial(enqueue_best_effort, "accounts.send_letters"), robust=True)
    return written


def send_due() -> bool:
    """Send what waits, handful by handful; True when the run was long enough and there may be more."""
    ends = time.monotonic() + MAX_RUN_SECONDS
    while handful := _claim_batch():
        _send_batch(handful)
        if time.monotonic() > ends:
            return True
    return False


def purge_expired(*, now: datetime | None = None) -> None:
    """Forget letters that were done long ago, and questions that nobody answered."""
    before = (now or timezone.now()) - NOTIFICATION_RETENTION
    Letter.objects.filter(done_at__lt=before).delete()
    Subscription.objects.filter(state=Subscription.State.PENDING, asked_at__lt=before).delete()


@transaction.atomic
def _claim_batch() -> list[Letter]:
    """Some letters that nobody else sends now; for LEASE they are ours. The attempt is counted before it is made."""
    free = Letter.objects.due().select_for_update(skip_locked=True).order_by("next_at", "id")
    ids = list(free.values_list("pk", flat=True)[:BATCH_SIZE])
    taken = Letter.objects.filter(pk__in=ids)
    # A worker died of these each time: they count as tried.
    taken.filter(attempts__gte=MAX_ATTEMPTS).update(state=Letter.State.FAILED, done_at=Now())
    taken.filter(attempts__lt=MAX_ATTEMPTS).update(next_at=Now() + LEASE, attempts=F("attempts") + 1)
    waiting = taken.filter(state=Letter.State.WAITING).select_related("subscription__user")
    return list(waiting.order_by("attempts", "pk"))  # what failed before holds up nothing that is new


def _send_batch(handful: list[Letter]) -> None:
    """What happened is looked up once for all letters about it."""
    filled: dict[tuple[str, str], Mapping[str, Any] | None] = {}
    for letter in handful:
        try:
            _send_one(letter, filled)
        except Exception as failure:  # noqa: BLE001  whatever is wrong with one mail defers that mail alone
            _schedule_retry(letter, failure)


def _send_one(letter: Letter, filled: dict[tuple[str, str], Mapping[str, Any] | None]) -> None:
    row = letter.subscription
    topic = topics.get_topic(row.topic)
    what = (row.topic, letter.about)
    if topic is not None and what not in filled:
        filled[what] = topic.write(letter.about)
    # Since the handful was read, somebody may have said no to one of its letters.
    wanted = Subscription.objects.active().filter(pk=row.pk).exists() and (row.user is None or row.user.is_active)
    values = filled.get(what)
    if topic is None or values is None or not wanted:
        _mark_finished(letter, Letter.State.DROPPED)
        return
    _send_mail(letter, topic, values)
    _mark_finished(letter, Letter.State.SENT)
    if topic.ends_after_first:
        subscriptions.unsubscribe(subscription_id=row.pk, by=SYSTEM_ACTOR)


def _send_mail(letter: Letter, topic: topics.Topic, values: Mapping[str, Any]) -> None:
    row = letter.subscription
    stop = f"{settings.SITE_URL}{reverse('subscriptions:unsubscribe', args=[subscriptions.get_unsubscribe_token(row)])}"
    key = f"letter:{row.public_id}:{letter.key}"
    more = {**values, "stop_url": stop, "reason": topic.reason}
    mail.send(topic.template, to=row.email, key=key, values=more, headers=get_unsubscribe_headers(stop))


def get_unsubscribe_headers(url: str) -> dict[str, str]:
    """What lets a mail client end a subscription by itself (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _mark_finished(letter: Letter, state: Letter.State) -> None:
    Letter.objects.filter(pk=letter.pk).update(state=state, done_at=timezone.now())


def _schedule_retry(letter: Letter, failure: Exception) -> None:
    log.warning("letter_not_sent", letter=letter.pk, attempts=letter.attempts, error=type(failure).__name__)
    if letter.attempts >= MAX_ATTEMPTS:
        _mark_finished(letter, Letter.State.FAILED)
    else:
        Letter.objects.filter(pk=letter.pk).update(next_at=Now() + FIRST_RETRY_DELAY * 3 ** (letter.attempts - 1))
