"""A message as everyone outside gets it: the socket, the API and the pages read the same mapping."""

from collections import defaultdict
from typing import Any

from accounts.users.models import User
from chat.messages.models import Message
from core.api.fields import in_utc


def serialize_message(message: Message) -> dict[str, Any]:
    """Expects a message loaded by `Message.objects.with_related()`, or a new one with its relations set; no query then.

    A reply names what it answers by number only: the quoted words may change or go, and this message would not.
    """
    return {
        "uid": str(message.uid),
        "seq": message.seq,
        "rev": message.rev,
        "kind": message.kind,
        "at": in_utc(message.created_at),
        "author": serialize_person(message.author),
        "cid": str(message.client_id),
        "body": message.body,
        "html": message.html,
        "reply_to": message.reply_to.seq if message.reply_to else None,
        "cards": [{"kind": kind, "id": public_id} for kind, public_id in message.cards],
        "reactions": _serialize_reactions(message),
        "edited_at": in_utc(message.edited_at) if message.edited_at else None,
        "deleted": message.deleted_at is not None,
    }


def serialize_person(user: User | None) -> dict[str, str | bool | None] | None:
    """`avatar` is the address of a small picture, None for who has none."""
    if user is None:
        return None
    picture = user.avatar.face.url if user.avatar else None
    return {"uid": str(user.uid), "name": user.display_name, "avatar": picture, "is_staff": user.is_staff}


def _serialize_reactions(message: Message) -> list[dict[str, Any]]:
    people: dict[str, list[str]] = defaultdict(list)
    for reaction in message.reactions.all():
        people[reaction.emoji].append(str(reaction.user.uid))
    return [{"emoji": emoji, "people": uids} for emoji, uids in people.items()]
