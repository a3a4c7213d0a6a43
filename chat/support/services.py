"""Open, assign and close support conversations."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.moderation.services import cases as queue
from accounts.moderation.services import spam
from accounts.moderation.spam import Outcome, SpamScore
from accounts.users.models import User
from chat.messages.models import Message
from chat.messages.services import messages
from chat.rooms import queries as room_queries
from chat.rooms.models import Membership, Room, can_answer_support
from chat.rooms.queries import Access, NotAMember
from chat.rooms.services import rooms
from chat.support import turns
from chat.support.models import SupportCase
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from core.events import services as events
from core.ids import uuid7
from core.validation.text import has_visible_text


class NotSupportRoom(Conflict):
    code = "not_a_support_conversation"
    message = _("This room is not a support conversation.")


class CaseClosed(Conflict):
    code = "case_closed"
    message = _("This conversation is already closed.")


class NotAnAgent(Invalid):
    code = "not_an_agent"
    message = _("This user is not a support agent.")


class Unchanged(Enum):
    """Sentinel for a value to leave unchanged, where None means "unassigned"."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class OpenedConversation:
    room: Room
    new: bool


@transaction.atomic
def open_conversation(
    *,
    about: tuple[str, str] | None,
    title: str,
    customer: User,
    by: Actor,
    body: str = "",
    client_id: UUID | None = None,
    now: datetime | None = None,
) -> OpenedConversation:
    """Open a support conversation about a subject, or continue the existing one, and send the message.

    The caller must check that the customer can see the subject. The same `client_id` again returns the first
    conversation. Raises NotAMember for anonymous users, Denied when it is for another user and `by` is no agent,
    MissingTitle, LooksLikeSpam for the first message, and the errors of `send_message`. Records conversation.opened.
    """
    if by.user is None and by.kind != "system":
        raise NotAMember
    if by.user != customer and not can_answer_support(by):
        raise Denied
    if client_id and (said := Message.objects.filter(author=by.user, client_id=client_id).first()):
        return OpenedConversation(said.room, new=False)
    if not has_visible_text(title):
        raise rooms.MissingTitle(field="title")
    now = now or timezone.now()
    opened = _open(about, title, customer, by, now)
    if client_id:
        verdict = _weigh(body, by, now) if opened.new else SpamScore()
        sent = messages.send_message(room_uid=opened.room.uid, body=body, client_id=client_id, by=by, now=now)
        if verdict.outcome is not Outcome.FINE:
            queue.open_case(
                kind=Message.public_kind,
                subject_id=sent.message.public_id,
                author=by.user,
                by=by,
                score=verdict.score,
                reasons=verdict.reasons,
                now=now,
            )
    return opened


@transaction.atomic
def assign_case(*, room_uid: UUID, assignee: User | None, by: Actor, now: datetime | None = None) -> SupportCase:
    """Assign a case to an agent, or to no one. No effect if it is assigned already.

    Locks the case. Raises NotFound, NotSupportRoom, Denied, NotAnAgent. Records conversation.assigned.
    """
    case = _case_for(room_uid, by)
    if assignee is not None and not can_answer_support(Actor.person(assignee)):
        raise NotAnAgent(field="assignee")
    if not SupportCase.objects.filter(pk=case.pk).exclude(assignee=assignee).update(assignee=assignee):
        return case
    case.assignee = assignee
    if assignee is not None and assignee.pk != case.room.customer_id:
        rooms.add_member(case.room, assignee, Membership.Role.AGENT, now or timezone.now())
    given_to = assignee.public_id if assignee else None
    events.record("conversation.assigned", case.room, by=by, now=now, assignee=given_to)
    turns.publish_case(case.room, case.status)
    return case


@transaction.atomic
def close_case(*, room_uid: UUID, by: Actor, now: datetime | None = None) -> SupportCase:
    """Close a case and post a message about it. The customer's next message reopens it.

    Locks the room, then the case. Raises NotFound, NotSupportRoom, Denied, CaseClosed. Records conversation.closed.
    """
    now = now or timezone.now()
    case = _case_for(room_uid, by)
    if case.status == SupportCase.Status.CLOSED:
        raise CaseClosed
    words = _t("This conversation has been closed. Send a message to reopen it.")
    messages.send_system_message(room=case.room, body=words, client_id=uuid7(), now=now)
    still_open = SupportCase.objects.unresolved().filter(pk=case.pk)
    if not still_open.update(status=SupportCase.Status.CLOSED, closed_at=now, turn_at=now):
        raise CaseClosed  # closed concurrently; the rollback removes our message
    case.status, case.closed_at, case.turn_at = SupportCase.Status.CLOSED, now, now
    events.record("conversation.closed", case.room, by=by, now=now)
    turns.publish_case(case.room, case.status)
    return case


@transaction.atomic
def reopen_case(*, room_uid: UUID, by: Actor, now: datetime | None = None) -> SupportCase:
    """Reopen a closed case. No effect on an open one.

    Locks the case. Raises NotFound, NotSupportRoom, Denied. Records conversation.reopened.
    """
    now = now or timezone.now()
    case = _case_for(room_uid, by)
    closed = SupportCase.objects.filter(pk=case.pk, status=SupportCase.Status.CLOSED)
    if closed.update(status=SupportCase.Status.OPEN, closed_at=None, turn_at=now):
        case.status, case.closed_at, case.turn_at = SupportCase.Status.OPEN, None, now
        events.record("conversation.reopened", case.room, by=by, now=now)
        turns.publish_case(case.room, case.status)
    return case


@transaction.atomic
def prioritise_case(*, room_uid: UUID, priority: int, by: Actor, now: datetime | None = None) -> SupportCase:
    """Set the priority of a case. No effect if it is unchanged.

    Locks the case. Raises NotFound, NotSupportRoom, Denied, Invalid. Records conversation.prioritised.
    """
    case = _case_for(room_uid, by)
    if priority not in SupportCase.Priority:
        raise Invalid(field="priority")
    if SupportCase.objects.filter(pk=case.pk).exclude(priority=priority).update(priority=priority):
        case.priority = priority
        events.record("conversation.prioritised", case.room, by=by, now=now, priority=priority)
        turns.publish_case(case.room, case.status)
    return case


@transaction.atomic
def change_case(
    *,
    room_uid: UUID,
    by: Actor,
    assignee: User | Unchanged | None = UNCHANGED,
    priority: int | None = None,
    status: str | None = None,
    now: datetime | None = None,
) -> SupportCase:
    """Apply several changes to a case, all or none.

    `status` is "open" or "closed". Omitted values stay unchanged. Raises and records what the services above do.
    """
    if status == SupportCase.Status.CLOSED:
        close_case(room_uid=room_uid, by=by, now=now)
    elif status is not None:
        reopen_case(room_uid=room_uid, by=by, now=now)
    if priority is not None:
        prioritise_case(room_uid=room_uid, priority=priority, by=by, now=now)
    if assignee is not UNCHANGED:
        assign_case(room_uid=room_uid, assignee=assignee, by=by, now=now)
    return _case_for(room_uid, by)


def _weigh(body: str, by: Actor, now: datetime) -> SpamScore:
    return spam.check_text(text=body, by=by, is_trusted=can_answer_support(by) or spam.is_buyer(by, now), now=now)


def _open(about: tuple[str, str] | None, title: str, customer: User, by: Actor, now: datetime) -> OpenedConversation:
    made = {"title": title[:120], "created_at": now, "last_message_at": now}
    if about is None:
        room, new = Room.objects.create(kind=Room.Kind.SUPPORT, customer=customer, **made), True
    else:
        room, new = Room.objects.get_or_create(
            kind=Room.Kind.SUPPORT, customer=customer, subject_kind=about[0], subject_id=about[1], defaults=made
        )
    if new:
        SupportCase.objects.create(room=room, opened_at=now, turn_at=now)
        rooms.add_member(room, customer, Membership.Role.MEMBER, now)
        subject = {"about_kind": about[0], "about_id": about[1]} if about else {}
        events.record("conversation.opened", room, by=by, now=now, **subject)
        turns.publish_case(room, SupportCase.Status.OPEN)
    return OpenedConversation(room, new)


def _case_for(room_uid: UUID, by: Actor) -> SupportCase:
    access: Access = room_queries.get_access(room_uid, by)
    if access.room.kind != Room.Kind.SUPPORT:
        raise NotSupportRoom
    if not can_answer_support(by):
        raise Denied
    case = access.room.case
    case.room = access.room
    return case
