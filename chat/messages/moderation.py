"""Messages in the moderation queue. Includes reported messages from rooms that staff cannot open."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.moderation import registry as moderation
from accounts.moderation.registry import ContentSource, ReportedContent, ReportTarget
from chat.messages.models import Message
from chat.messages.services import changes
from chat.rooms.models import Room
from core.context import Actor, Grant
from core.ids import uuids

# The queue checks the permission. Staff may have no access to the room.
MODERATION_ACTOR = Actor.system("moderation")
SHOWN_STATE = "shown"


def show(ids: Collection[str]) -> Mapping[str, ReportedContent]:
    found = Message.objects.filter(uid__in=uuids(ids)).select_related("author", "room")
    return {message.public_id: _shown(message) for message in found}


def find(uid: str, viewer: Grant) -> ReportTarget | None:
    reached = Room.objects.accessible_by(viewer.actor)
    said = Message.objects.filter(uid__in=uuids([uid]), room__in=reached, deleted_at__isnull=True, kind="text")
    message = said.select_related("author", "room").first()
    return None if message is None else ReportTarget(_title(message), _link(message), message.author)


def decide(uid: str, stands: bool, by: Actor, now: datetime) -> str:
    """Remove or keep a message. Returns no state when its author removed it in the meantime."""
    message = Message.objects.filter(uid=uid, deleted_at__isnull=True).select_related("room").first()
    if message is None:
        return ""
    if not stands:
        changes.delete_message(room_uid=message.room.uid, seq=message.seq, by=MODERATION_ACTOR, now=now)
    return SHOWN_STATE


def restore(uid: str, state: str, by: Actor, now: datetime) -> None:
    """Restore a removed message, unless its author was erased in the meantime."""
    message = Message.objects.filter(uid=uid).select_related("room").first()
    if message is not None:
        changes.restore_message(room_uid=message.room.uid, seq=message.seq, by=MODERATION_ACTOR, now=now)


def _shown(message: Message) -> ReportedContent:
    state = _("removed") if message.deleted_at else _("shown")
    author = message.author.display_name if message.author else ""
    return ReportedContent(_title(message), message.body, _link(message), author, str(state))


def _title(message: Message) -> str:
    return str(_("Message in %(room)s") % {"room": message.room.title or message.room.get_kind_display()})


def _link(message: Message) -> str:
    return f"{message.room.get_absolute_url()}#m{message.seq}"


moderation.register(
    ContentSource(
        kind=Message.public_kind,
        words=_("Messages"),
        permission="chat.moderate_room",
        show=show,
        find=find,
        decide=decide,
        restore=restore,
    )
)
