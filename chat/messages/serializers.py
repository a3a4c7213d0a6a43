"""Messages in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.moderation.models import Report
from chat.delivery import protocol
from chat.messages import wire
from chat.messages.models import Message
from chat.rooms.models import Room
from core.api.fields import KindField, ReferenceOut, TimeField, UrlField
from core.api.viewsets import In
from core.composition import cards


class ReferenceSerializer(In):
    """A reference to an object by kind and public id."""

    kind = KindField(cards.kinds)
    id = serializers.CharField(max_length=protocol.MAX_CARD_ID_LENGTH)


class PersonSerializer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    name = serializers.CharField(source="display_name")
    avatar = UrlField(source="avatar.face.url", default=None, allow_null=True, help_text="URL of a small image.")


class MembershipSerializer(serializers.Serializer[Any]):
    """The caller's membership in a room."""

    role = serializers.ChoiceField(choices=["member", "agent", "owner"], source="my_role")
    read_seq = serializers.IntegerField(source="my_read")
    unread = serializers.IntegerField(help_text="Deleted messages do not count.")
    muted = serializers.BooleanField(source="my_muted")


class RoomSerializer(serializers.Serializer[Room]):
    """A room. To resume from `last_rev`, read it before the messages."""

    uid = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Room.Kind.choices)
    slug = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    topic = serializers.CharField()
    about = serializers.SerializerMethodField()
    url = UrlField(source="get_absolute_url")
    last_seq = serializers.IntegerField()
    last_rev = serializers.IntegerField()
    last_message_at = TimeField()
    is_archived = serializers.SerializerMethodField()
    place = serializers.SerializerMethodField()

    @extend_schema_field(ReferenceOut(allow_null=True))
    def get_about(self, room: Room) -> dict[str, str] | None:
        return _pair(room)

    def get_is_archived(self, room: Room) -> bool:
        return room.archived_at is not None

    @extend_schema_field(MembershipSerializer(allow_null=True))
    def get_place(self, room: Any) -> dict[str, Any] | None:
        return dict(MembershipSerializer(room).data) if room.my_role else None


class MessageAuthorSerializer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    name = serializers.CharField()
    avatar = UrlField(allow_null=True, help_text="URL of a small image.")
    is_staff = serializers.BooleanField()


class ReactionCountSerializer(serializers.Serializer[Any]):
    """A reaction and the ids of the users who chose it."""

    emoji = serializers.CharField()
    people = serializers.ListField(child=serializers.UUIDField())


class MessageSerializer(serializers.Serializer[Message]):
    """A message, in the same shape as socket frames. `reply_to` is the number of another message in the room."""

    uid = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="Position in the room, without gaps.")
    rev = serializers.IntegerField(help_text="Revision. Increases with every change of the message.")
    kind = serializers.ChoiceField(choices=Message.Kind.choices)
    at = TimeField()
    author = MessageAuthorSerializer(allow_null=True)
    cid = serializers.UUIDField(help_text="The client_id it was sent with.")
    body = serializers.CharField()
    html = serializers.CharField()
    reply_to = serializers.IntegerField(allow_null=True)
    cards = ReferenceOut(many=True)
    reactions = ReactionCountSerializer(many=True)
    edited_at = TimeField(allow_null=True)
    deleted = serializers.BooleanField()

    def to_representation(self, instance: Message) -> dict[str, Any]:
        """Return the mapping that frames contain, so that both have one shape."""
        return wire.serialize_message(instance)


class MessageCreateSerializer(In):
    """A message to send. The caller creates `client_id`; sending it again returns the same message."""

    client_id = serializers.UUIDField()
    body = serializers.CharField(max_length=protocol.MAX_BODY_LENGTH, allow_blank=True, default="")
    reply_to = serializers.IntegerField(min_value=1, max_value=protocol.MAX_INTEGER, allow_null=True, default=None)
    cards = serializers.ListField(child=ReferenceSerializer(), default=list, max_length=protocol.MAX_CARDS)

    def validate_cards(self, given: list[dict[str, str]]) -> tuple[protocol.Card, ...]:
        return tuple((card["kind"], card["id"]) for card in given)


class MessageUpdateSerializer(In):
    body = serializers.CharField(max_length=protocol.MAX_BODY_LENGTH)


class MessageReportSerializer(In):
    reason = serializers.ChoiceField(choices=Report.Reason.choices)


class ReadMarkSerializer(In):
    seq = serializers.IntegerField(min_value=0, max_value=protocol.MAX_INTEGER)


class ReadMarkResultSerializer(serializers.Serializer[Any]):
    read_seq = serializers.IntegerField()


class MuteSerializer(In):
    muted = serializers.BooleanField()


def _pair(room: Room) -> dict[str, str] | None:
    return {"kind": room.subject_kind, "id": room.subject_id} if room.subject else None
