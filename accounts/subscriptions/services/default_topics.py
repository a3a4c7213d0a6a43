"""Topics that are on until somebody switches them off, such as mails about unread messages.

A row in the database is made when it is needed: for the unsubscribe link of the first mail, or to remember a no.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import subscriptions
from accounts.users.models import User
from core.context import Actor

State = Subscription.State


@transaction.atomic
def get_subscription(*, user: User, topic: str, now: datetime | None = None) -> Subscription | None:
    """The person's subscription to a topic that is on by default; None once they switched it off."""
    now = now or timezone.now()
    row, _is_new = Subscription.objects.get_or_create(
        email=user.email.lower(),
        topic=topic,
        defaults={"user": user, "state": State.ACTIVE, "source": "default", "created_at": now, "confirmed_at": now},
    )
    return row if row.state == State.ACTIVE else None


@transaction.atomic
def unsubscribe(*, user: User, topic: str, by: Actor, now: datetime | None = None) -> None:
    """Unsubscribe from a topic that is on by default. Idempotent. Records subscription.ended."""
    row = get_subscription(user=user, topic=topic, now=now)
    if row is not None:
        subscriptions.unsubscribe(subscription_id=row.pk, by=by, now=now)
