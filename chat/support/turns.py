"""Update whose turn it is after each message of a support conversation."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce

from chat.delivery import bus, protocol
from chat.messages.services import messages
from chat.rooms.models import Room
from chat.rooms.queries import Access
from chat.support.models import SupportCase
from core.events import services as events

Status = SupportCase.Status


def pass_turn(access: Access, now: datetime) -> None:
    """Update the turn after a message. One statement; two when a closed conversation continues."""
    if access.room.kind != Room.Kind.SUPPORT:
        return
    cases = SupportCase.objects.filter(room=access.room)
    if access.is_agent:
        first = Coalesce("first_reply_at", Value(now))
        cases.update(status=Status.WAITING, turn_at=now, closed_at=None, first_reply_at=first)
        if access.room.case.assignee_id is None:
            _take_case(access, now)
    else:
        since = Case(When(status=Status.OPEN, then="turn_at"), default=Value(now))
        cases.update(status=Status.OPEN, turn_at=since, closed_at=None)
    publish_case(access.room, Status.WAITING if access.is_agent else Status.OPEN)
    if access.room.case.status == Status.CLOSED:
        events.record("conversation.reopened", access.room, by=access.actor, now=now)


def _take_case(access: Access, now: datetime) -> None:
    """Assign an unassigned case to the agent who answers first."""
    user = access.actor.user
    unassigned = SupportCase.objects.filter(room=access.room, assignee__isnull=True)
    if user is not None and unassigned.update(assignee=user):
        events.record("conversation.assigned", access.room, by=access.actor, now=now, assignee=user.public_id)


def publish_case(room: Room, status: str) -> None:
    """Publish the status to the room and notify the desk after the commit."""
    transaction.on_commit(partial(bus.publish_ephemeral, room.pk, protocol.case(room.uid, status)), robust=True)
    transaction.on_commit(bus.publish_desk, robust=True)


messages.after_posting.append(pass_turn)
