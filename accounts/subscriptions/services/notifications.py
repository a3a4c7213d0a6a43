"""Notifications to the subscribers of a topic: stored in one statement, sent in batches.

`enqueue_for_topic` runs in the transaction of an in-database handler, and a unique key prevents duplicates. Sending is
at least once: after a crash an email may be sent again, with the same Message-ID.
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
# How long one task runs, and how long a batch is claimed.
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
    """Store a notification for every subscriber of a topic except one person; returns how many. One statement.

    A subscriber gets one notification for each `key`. Call it in a transaction.
    """
    # No user has the id 0. NULL would exclude rows without a user.
    values: dict[str, Any] = {"topic": topic, "key": key, "about": about, "now": now or timezone.now()}
    values["except"] = except_user_id or 0
    with connection.cursor() as cursor:
        cursor.execute(ENQUEUE_SQL, values)
        written = int(cursor.rowcount)
    if written:
        transaction.on_commit(partial(enqueue_best_effort, "accounts.send_letters"), robust=True)
    return written


def send_due() -> bool:
    """Send due notifications in batches; True when the time is up and there may be more."""
    ends = time.monotonic() + MAX_RUN_SECONDS
    while batch := _claim_batch():
        _send_batch(batch)
        if time.monotonic() > ends:
            return True
    return False


def purge_expired(*, now: datetime | None = None) -> None:
    """Delete old notifications, and subscriptions that were never confirmed."""
    before = (now or timezone.now()) - NOTIFICATION_RETENTION
    Letter.objects.filter(done_at__lt=before).delete()
    Subscription.objects.filter(state=Subscription.State.PENDING, asked_at__lt=before).delete()


@transaction.atomic
def _claim_batch() -> list[Letter]:
    """Claim a batch for LEASE; concurrent workers get different ones. Counts the attempt before it is made."""
    free = Letter.objects.due().select_for_update(skip_locked=True).order_by("next_at", "id")
    ids = list(free.values_list("pk", flat=True)[:BATCH_SIZE])
    taken = Letter.objects.filter(pk__in=ids)
    # Workers crashed on these each time.
    taken.filter(attempts__gte=MAX_ATTEMPTS).update(state=Letter.State.FAILED, done_at=Now())
    taken.filter(attempts__lt=MAX_ATTEMPTS).update(next_at=Now() + LEASE, attempts=F("attempts") + 1)
    waiting = taken.filter(state=Letter.State.WAITING).select_related("subscription__user")
    return list(waiting.order_by("attempts", "pk"))  # new ones first


def _send_batch(batch: list[Letter]) -> None:
    """Send a batch; each subject is looked up once."""
    filled: dict[tuple[str, str], Mapping[str, Any] | None] = {}
    for notification in batch:
        try:
            _send_one(notification, filled)
        except Exception as failure:  # noqa: BLE001  an error defers this email only
            _schedule_retry(notification, failure)


def _send_one(notification: Letter, filled: dict[tuple[str, str], Mapping[str, Any] | None]) -> None:
    row = notification.subscription
    topic = topics.get_topic(row.topic)
    what = (row.topic, notification.about)
    if topic is not None and what not in filled:
        filled[what] = topic.write(notification.about)
    # Somebody may have unsubscribed since the batch was read.
    wanted = Subscription.objects.active().filter(pk=row.pk).exists() and (row.user is None or row.user.is_active)
    values = filled.get(what)
    if topic is None or values is None or not wanted:
        _mark_finished(notification, Letter.State.DROPPED)
        return
    _send_mail(notification, topic, values)
    _mark_finished(notification, Letter.State.SENT)
    if topic.ends_after_first:
        subscriptions.unsubscribe(subscription_id=row.pk, by=SYSTEM_ACTOR)


def _send_mail(notification: Letter, topic: topics.Topic, values: Mapping[str, Any]) -> None:
    row = notification.subscription
    stop = f"{settings.SITE_URL}{reverse('subscriptions:unsubscribe', args=[subscriptions.get_unsubscribe_token(row)])}"
    key = f"letter:{row.public_id}:{notification.key}"
    more = {**values, "stop_url": stop, "reason": topic.reason}
    mail.send(topic.template, to=row.email, key=key, values=more, headers=get_unsubscribe_headers(stop))


def get_unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the headers of one-click unsubscribe (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _mark_finished(notification: Letter, state: Letter.State) -> None:
    Letter.objects.filter(pk=notification.pk).update(state=state, done_at=timezone.now())


def _schedule_retry(notification: Letter, failure: Exception) -> None:
    log.warning(
        "letter_not_sent", notification=notification.pk, attempts=notification.attempts, error=type(failure).__name__
    )
    if notification.attempts >= MAX_ATTEMPTS:
        _mark_finished(notification, Letter.State.FAILED)
    else:
        Letter.objects.filter(pk=notification.pk).update(
            next_at=Now() + FIRST_RETRY_DELAY * 3 ** (notification.attempts - 1)
        )
