"""React to events: announce refunds, send emails, recheck sockets."""

from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from chat.delivery import bus
from chat.messages import emails
from chat.messages.services import messages
from chat.rooms.models import Room
from chat.rooms.services import rooms
from core.events import services as events
from core.events.models import Event
from core.money import Money
from core.search import index as search


@events.on("room.created", "room.changed", "room.archived", "room.reopened")
def index_room(event: Event) -> None:
    search.index("room", [event.subject_id])


@events.on("order.refunded", former=("chat.tell_of_refund",))
def announce_refund(event: Event) -> None:
    """Post a message in every conversation about the order, once each, even if the delivery is repeated."""
    amount = Money(event.data["amount"], event.data["currency"])
    words = _("%(amount)s of this order has been refunded.") % {"amount": amount.format()}
    for room in Room.objects.filter(kind=Room.Kind.SUPPORT).about("order", event.subject_id).order_by("pk"):
        messages.send_system_message(room=room, body=words, client_id=_make_client_id(event, room), now=event.at)


@events.on("conversation.left_unread", outside=True)
def mail_unread(event: Event, key: str) -> None:
    emails.send_unread_email(
        room_uid=UUID(event.subject_id), user_uid=UUID(event.data["person"]), up_to=event.data["up_to"], key=key
    )


@events.on("post.moved", former=("chat.follow_post",))
def update_post_subject(event: Event) -> None:
    rooms.follow_subject(kind="post", old=event.data["old"], new=event.data["new"])


@events.on(
    "role.removed",
    "user.added_factor",
    "user.asked_for_factor",
    "user.banned",
    "user.changed_email",
    "user.changed_password",
    "user.changed_profile",
    "user.closed",
    "user.closing_requested",
    "user.connected_account",
    "user.disconnected_account",
    "user.ended_other_sessions",
    "user.ended_session",
    "user.impersonation_ended",
    "user.lost_factors",
    "user.removed_factor",
    "user.reset_password",
    "user.signed_out",
    outside=True,
    former=("chat.look_at_sockets_again",),
)
def recheck_sockets(event: Event, key: str) -> None:
    """Close the sockets of ended sessions at once, and refresh the profile in the others."""
    if event.subject_id:
        bus.publish_recheck(event.subject_id)


def _make_client_id(event: Event, room: Room) -> UUID:
    return uuid5(event.uid, room.public_id)
