"""Erase a user from the chat without changing messages of others."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.users.models import User
from chat.delivery import bus
from chat.messages.models import Message, MessageEdit, Reaction
from chat.rooms.models import Membership, Room
from core.composition.models import Reference

# Each deleted message, and each that loses a reaction, takes the next revision of its room in order of `seq`, so that
# followers receive all of them.
ERASE_MESSAGES_SQL = """
WITH touched AS (
    SELECT m.id, row_number() OVER (ORDER BY m.seq) AS place
    FROM chat_message m
    WHERE m.room_id = %(room)s AND (
        (m.author_id = %(user)s AND m.deleted_at IS NULL)
        OR EXISTS (SELECT FROM chat_reaction r WHERE r.message_id = m.id AND r.user_id = %(user)s)
    )
), moved AS (
    UPDATE chat_room SET last_rev = last_rev + (SELECT count(*) FROM touched) WHERE id = %(room)s RETURNING last_rev
)
UPDATE chat_message m SET
    rev = moved.last_rev - (SELECT count(*) FROM touched) + touched.place,
    body = CASE WHEN m.author_id = %(user)s THEN '' ELSE m.body END,
    html = CASE WHEN m.author_id = %(user)s THEN '' ELSE m.html END,
    cards = CASE WHEN m.author_id = %(user)s THEN '[]'::jsonb ELSE m.cards END,
    deleted_at = CASE WHEN m.author_id = %(user)s THEN %(now)s ELSE m.deleted_at END
FROM touched, moved WHERE m.id = touched.id
"""


@transaction.atomic
def erase_user(*, user: User, now: datetime) -> None:
    """Erase a user's messages and reactions, and end their memberships. Idempotent.

    Locks the rooms one by one, ordered by key, with a few statements per room. Titles of their support conversations
    are cleared. Names in rooms come from the account, which is anonymised separately.
    """
    for room in Room.objects.select_for_update(of=("self",)).filter(pk__in=_get_room_ids(user)).order_by("pk"):
        with connection.cursor() as cursor:
            cursor.execute(ERASE_MESSAGES_SQL, {"room": room.pk, "user": user.pk, "now": now})
        Reaction.objects.filter(message__room=room, user=user).delete()
    said = Message.objects.filter(author=user)
    MessageEdit.objects.filter(message__in=said).delete()
    MessageEdit.objects.filter(editor=user).update(editor=None)
    Reaction.objects.filter(message__in=said).delete()
    named = said.values(public_id=Cast("uid", CharField()))
    Reference.objects.filter(source_kind=Message.public_kind, source_id__in=named).delete()
    Room.objects.filter(customer=user).update(title=_("Conversation"), topic="")
    Membership.objects.active().filter(user=user).exclude(room__kind=Room.Kind.DIRECT).update(left_at=now)
    transaction.on_commit(lambda: bus.publish_recheck(user.public_id), robust=True)


def _get_room_ids(user: User) -> set[int]:
    written = Message.objects.filter(author=user, deleted_at=None).values_list("room_id", flat=True).distinct()
    marked = Reaction.objects.filter(user=user).values_list("message__room_id", flat=True).distinct()
    return {*written, *marked}
