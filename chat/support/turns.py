"""Whose turn it is in a support conversation: a message of one side passes it to the other."""

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
    """After a message in support: whose turn it is. One statement; two when a closed conversation goes on."""
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
    """Who answers first looks after the case."""
    user = access.actor.user
    unassigned = SupportCase.objects.filter(room=access.room, assignee__isnull=True)
    if user is not None and unassigned.update(assignee=user):
        events.record("conversation.assigned", access.room, by=access.actor, now=now, assignee=user.public_id)


def publish_case(room: Room, status: str) -> None:
    """Tell the room whose turn it is, and the desk that it has changed, once this is committed."""
    transaction.on_commit(partial(bus.publish_ephemeral, room.pk, protocol.case(room.uid, status)), robust=True)
    transaction.on_commit(bus.publish_desk, robust=True)


messages.after_posting.append(pass_turn)
