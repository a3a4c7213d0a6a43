"""Personal data of the chat: export and erasure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.privacy import registry as privacy
from accounts.privacy.registry import DataCategory, DataHandler, Person, Records, RetentionPolicy
from chat.messages.models import Message, MessageEdit, Reaction
from chat.messages.services import leaving
from chat.rooms.models import Membership

CHUNK_SIZE = 500


def export(person: Person) -> Iterator[Records]:
    said = Message.objects.filter(author=person.user).select_related("room").order_by("pk")
    yield Records("talk/messages.json", _("Messages you sent."), map(_message, said.iterator(chunk_size=CHUNK_SIZE)))
    former = MessageEdit.objects.filter(message__author=person.user).select_related("message").order_by("pk")
    yield Records(
        "talk/former_versions.json",
        _("Earlier versions of your edited or deleted messages."),
        map(_version, former.iterator(chunk_size=CHUNK_SIZE)),
    )
    places = Membership.objects.filter(user=person.user).select_related("room").order_by("pk")
    yield Records("talk/rooms.json", _("Rooms you joined."), map(_membership, places.iterator(chunk_size=CHUNK_SIZE)))
    marks = Reaction.objects.filter(user=person.user).select_related("message").order_by("pk")
    yield Records("talk/reactions.json", _("Your reactions."), map(_reaction, marks.iterator(chunk_size=CHUNK_SIZE)))


def erase(person: Person, now: datetime) -> None:
    leaving.erase_user(user=person.user, now=now)


def _message(message: Message) -> dict[str, Any]:
    names = ("uid", "seq", "body", "cards", "created_at", "edited_at", "deleted_at")
    return {"room": message.room.uid, **{name: getattr(message, name) for name in names}}


def _version(edit: MessageEdit) -> dict[str, Any]:
    return {"message": edit.message.uid, "version": edit.version, "body": edit.body, "cards": edit.cards, "at": edit.at}


def _membership(place: Membership) -> dict[str, Any]:
    names = ("role", "last_read_seq", "joined_at", "left_at", "muted")
    room = {"room": place.room.uid, "kind": place.room.kind, "title": place.room.title}
    return {**room, **{name: getattr(place, name) for name in names}}


def _reaction(mark: Reaction) -> dict[str, Any]:
    return {"message": mark.message.uid, "emoji": mark.emoji, "at": mark.at}


privacy.register(
    "chat",
    DataHandler(
        words=_("Conversation"),
        export=export,
        erase=erase,
        categories=(
            DataCategory(
                _("Your messages, and their earlier versions"),
                RetentionPolicy.ERASED,
                {"chat.Message": "author body html cards", "chat.MessageEdit": "body cards"},
                file="talk/messages.json",
            ),
            DataCategory(
                _("Your reactions to messages"),
                RetentionPolicy.ERASED,
                {"chat.Reaction": "user emoji"},
                file="talk/reactions.json",
            ),
            DataCategory(
                _("Your room memberships and support conversations, without your messages"),
                RetentionPolicy.NAMELESS,
                {"chat.Membership": "user", "chat.Room": "customer title topic"},
                why=_("Other members keep their own messages."),
                file="talk/rooms.json",
            ),
            DataCategory(
                _("Support cases assigned to you and messages you removed as staff"),
                RetentionPolicy.NAMELESS,
                {"chat.SupportCase": "assignee", "chat.MessageEdit": "editor"},
                why=_("They are business records."),
                not_exported=_("they are business records"),
            ),
        ),
        unrelated_columns={"chat.Room": "slug subject_kind subject_id dm_key"},
    ),
)
