"""Email users about unread messages: after five minutes one email, and no other until they have read them.

Only read marks decide, not presence. This does not depend on Redis, and a page in a hidden tab does not suppress the
email. Public and muted rooms are excluded. Of the agents only the assignee is notified.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.messages.models import Message
from chat.rooms.models import Membership, Room
from core.context import Actor
from core.events import services as events

UNREAD_DELAY: Final = timedelta(minutes=5)
# Older conversations are skipped. After an outage of the worker, emails within this time are sent late.
MAX_UNREAD_AGE: Final = timedelta(days=3)
BATCH_SIZE: Final = 200
MAX_QUOTED: Final = 5
CHAT_ACTOR: Final = Actor.system("chat")


@dataclass(frozen=True, slots=True)
class UnreadMessages:
    """The content of an email: the first messages and the total number."""

    messages: Sequence[Message]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.messages)


def request_due_emails(*, now: datetime | None = None) -> int:
    """Request an email for every membership with messages that are unread long enough. Returns their number. Two
    queries, plus one per email.

    An UPDATE moves `notified_seq` beyond `last_read_seq` in one transaction with the event. If the user reads
    concurrently, no email is requested. Records conversation.left_unread.
    """
    now = now or timezone.now()
    requested = 0
    while batch := list(_get_due_memberships(now)[:BATCH_SIZE]):
        claimed = sum(_request_email(place, now) for place in batch)
        requested += claimed
        if len(batch) < BATCH_SIZE or not claimed:
            break
    return requested


def get_unread(place: Membership) -> UnreadMessages:
    """Return the unread messages of other members that are not deleted. At most two queries."""
    said = _messages_by_others(place.room_id, place.user_id, place.last_read_seq)
    messages = list(said.select_related("author").order_by("seq")[: MAX_QUOTED + 1])
    if len(messages) <= MAX_QUOTED:
        return UnreadMessages(messages, len(messages))
    return UnreadMessages(messages[:MAX_QUOTED], said.count())


def release_claim(*, place: Membership, up_to: int) -> None:
    """Allow another email, because this one had no messages left to send."""
    Membership.objects.filter(pk=place.pk, notified_seq=up_to).update(notified_seq=F("last_read_seq"))


@transaction.atomic
def _request_email(place: Membership, now: datetime) -> bool:
    unchanged = Membership.objects.filter(
        pk=place.pk, notified_seq=place.notified_seq, last_read_seq=place.last_read_seq
    )
    if not unchanged.update(notified_seq=place.room.last_seq):
        return False
    data = {"person": place.user.public_id, "up_to": place.room.last_seq}
    events.record("conversation.left_unread", place.room, by=CHAT_ACTOR, now=now, **data)
    return True


def _get_due_memberships(now: datetime) -> QuerySet[Membership]:
    waiting = Membership.objects.active().filter(
        muted=False,
        user__is_active=True,
        room__last_message_at__gt=now - MAX_UNREAD_AGE,
        last_read_seq__lt=F("room__last_seq"),
        notified_seq__lte=F("last_read_seq"),
    )
    addressed = ~Q(role=Membership.Role.AGENT) | Q(room__case__assignee=F("user"))
    old = _messages_by_others(OuterRef("room"), OuterRef("user"), OuterRef("last_read_seq")).filter(
        created_at__lte=now - UNREAD_DELAY
    )
    talks = waiting.exclude(room__kind=Room.Kind.PUBLIC).filter(addressed).filter(Exists(old))
    return talks.select_related("room", "user").order_by("pk")


def _messages_by_others(room: int | OuterRef, user: int | OuterRef, read_seq: int | OuterRef) -> QuerySet[Message]:
    said = Message.objects.filter(room=room, seq__gt=read_seq, kind=Message.Kind.TEXT, deleted_at__isnull=True)
    return said.filter(~Q(author=user) | Q(author__isnull=True))
