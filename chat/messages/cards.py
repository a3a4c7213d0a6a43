"""Room cards for other apps."""

from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.rooms.models import Room
from core.composition import cards
from core.composition.cards import Card
from core.context import Grant


@cards.register("room")
def get_room_cards(ids: list[str], viewer: Grant) -> Mapping[str, Card]:
    """Return cards of the rooms the viewer can see. One query; two more, once, for staff."""
    rooms = Room.objects.filter(uid__in=_parse_uuids(ids)).visible_to(viewer).with_membership_of(viewer.user)
    return {room.public_id: _build_card(room) for room in rooms}


def _build_card(room: Room) -> Card:
    count = ngettext("%(count)d message", "%(count)d messages", room.last_seq) % {"count": room.last_seq}
    return Card(
        kind="room",
        id=room.public_id,
        title=room.title or _("Direct messages"),
        url=room.get_absolute_url(),
        summary=room.topic,
        state=_("Closed") if room.archived_at else "",
        note=count,
    )


def _parse_uuids(ids: list[str]) -> list[UUID]:
    found = []
    for text in ids:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
