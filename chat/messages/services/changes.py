"""Edit, delete and restore messages, and react to them. Each change increments the room's revision."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.moderation.services import reports
from chat.delivery import protocol
from chat.messages import queries, rendering
from chat.messages.models import Message, MessageEdit, Reaction
from chat.messages.services import messages
from chat.rooms import queries as room_queries
from chat.rooms.queries import Access, NotAMember
from core import context
from core.composition import cross_references
from core.context import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from core.events import services as events


class NotMessageAuthor(Denied):
    code = "not_your_message"
    message = _("Only the author can change a message.")


class MessageRemoved(Conflict):
    code = "message_removed"
    message = _("This message was deleted.")


class UnknownReaction(Invalid):
    code = "unknown_reaction"
    message = _("This reaction is not available.")


@transaction.atomic
def edit_message(*, room_uid: UUID, seq: int, body: str, by: Actor, now: datetime | None = None) -> Message:
    """Edit the caller's own message. The earlier version is stored for moderators.

    Locks the room. Raises NotFound, NotAMember, RoomArchived, NotMessageAuthor, MessageRemoved, EmptyMessage,
    MessageTooLong.
    """
    now = now or timezone.now()
    _access, message, rev = _lock_message(room_uid, seq, by)
    if message.author_id is None or message.author != by.user:
        raise NotMessageAuthor
    if message.deleted_at is not None:
        raise MessageRemoved
    words = messages.clean_body(body, message.cards)
    if words == message.body:
        return _require_unchanged(message)
    _save_version(message, by, now)
    message.body, message.html, message.edited_at, message.rev = words, rendering.render(words), now, rev
    message.render_version = rendering.VERSION
    message.save(update_fields=["body", "html", "render_version", "edited_at", "rev"])
    return _publish_changed(message)


@transaction.atomic
def delete_message(*, room_uid: UUID, seq: int, by: Actor, now: datetime | None = None) -> Message:
    """Delete the caller's own message, or any as a moderator. No effect if it is deleted already.

    Reactions are stored but hidden, because a moderator's removal can be undone. Locks the room. Raises NotFound,
    NotMessageAuthor. Records message.removed when a moderator removes it.
    """
    now = now or timezone.now()
    access, message, rev = _lock_message(room_uid, seq, by, writes=False)
    own = message.author_id is not None and message.author == by.user
    if not own and not access.can_moderate:
        raise NotMessageAuthor
    if message.deleted_at is not None:
        return _require_unchanged(message)
    _save_version(message, by, now)
    message.body, message.html, message.cards, message.deleted_at, message.rev = "", "", [], now, rev
    message.save(update_fields=["body", "html", "cards", "deleted_at", "rev"])
    cross_references.replace((Message.public_kind, message.public_id), [])
    if own:
        message.reactions.all().delete()
    else:
        events.record("message.removed", message, by=by, now=now, room=access.room.public_id)
    return _publish_changed(message)


@transaction.atomic
def restore_message(*, room_uid: UUID, seq: int, by: Actor, now: datetime | None = None) -> Message:
    """Restore a deleted message with its last text, cards and reactions. No effect if it is not deleted or no earlier
    version is left.

    Locks the room. Raises NotFound, NotMessageAuthor for non-moderators. Records message.restored.
    """
    access, message, rev = _lock_message(room_uid, seq, by, writes=False)
    if not access.can_moderate:
        raise NotMessageAuthor
    former = message.edits.order_by("-version").first()
    if message.deleted_at is None or former is None:
        return _require_unchanged(message)
    message.body, message.html, message.cards = former.body, rendering.render(former.body), former.cards
    message.deleted_at, message.rev, message.render_version = None, rev, rendering.VERSION
    message.save(update_fields=["body", "html", "render_version", "cards", "deleted_at", "rev"])
    cross_references.replace((Message.public_kind, message.public_id), [(kind, about) for kind, about in message.cards])
    events.record("message.restored", message, by=by, now=now, room=access.room.public_id)
    return _publish_changed(message)


@transaction.atomic
def react(*, room_uid: UUID, seq: int, emoji: str, on: bool, by: Actor, now: datetime | None = None) -> Message:
    """Add or remove a reaction. No effect if there is nothing to change.

    Locks the room. Raises NotFound, NotAMember, RoomArchived, MessageRemoved, UnknownReaction.
    """
    if emoji not in protocol.REACTIONS:
        raise UnknownReaction(field="emoji")
    _access, message, rev = _lock_message(room_uid, seq, by)
    if message.deleted_at is not None:
        raise MessageRemoved
    if by.user is None:
        raise NotAMember
    mark = Reaction.objects.filter(message=message, user=by.user, emoji=emoji)
    if mark.exists() == on:
        return _require_unchanged(message)
    if on:
        Reaction.objects.create(message=message, user=by.user, emoji=emoji, at=now or timezone.now())
    else:
        mark.delete()
    message.rev = rev
    message.save(update_fields=["rev"])
    return _publish_changed(message)


@transaction.atomic
def report_message(*, room_uid: UUID, seq: int, reason: str, by: Actor, now: datetime | None = None) -> None:
    """Report a message to the moderation queue. No effect if the caller reported it already.

    Raises NotFound, NotAMember for anonymous users, OwnThing, Banned. Records message.reported and report.filed.
    """
    access, message = queries.get_message(room_uid, seq, by)
    if by.user is None:
        raise NotAMember
    reports.file_report(
        kind=Message.public_kind,
        subject_id=message.public_id,
        author=message.author,
        reason=reason,
        by=by,
        network=context.current().address or "",
        now=now,
    )
    events.record("message.reported", message, by=by, now=now, reason=reason, room=access.room.public_id)


def _lock_message(room_uid: UUID, seq: int, by: Actor, *, writes: bool = True) -> tuple[Access, Message, int]:
    """Increment the room's revision, which locks the room, then read the message."""
    access = room_queries.get_access(room_uid, by)
    if by.user is None and by.kind != "system":
        raise NotAMember
    if writes and (refusal := access.write_denial):
        raise refusal
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_room SET last_rev = last_rev + 1 WHERE id = %s RETURNING last_rev", [access.room.pk]
        )
        (rev,) = cursor.fetchone()
    message = Message.objects.select_related("author").filter(room=access.room, seq=seq).first()
    if message is None:
        raise NotFound
    return access, message, rev


def _require_unchanged(message: Message) -> Message:
    """Return the revision to the room when nothing changed."""
    transaction.set_rollback(True)
    return message


def _save_version(message: Message, by: Actor, now: datetime) -> None:
    version = MessageEdit.objects.filter(message=message).count() + 1
    said = {"body": message.body, "cards": message.cards}
    MessageEdit.objects.create(message=message, version=version, **said, editor=by.user, at=now)


def _publish_changed(message: Message) -> Message:
    """Publish the message as it is at this revision, read under the lock."""
    message = Message.objects.with_related().select_related("room").get(pk=message.pk)
    messages.publish_message(message, new=False)
    return message
