"""Conversations in the API."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.delivery import protocol
from chat.messages.serializers import PersonSerializer, ReferenceSerializer, _pair
from chat.support.models import SupportCase
from core.api.fields import ReferenceOut, TimeField, UrlField
from core.api.viewsets import In


class ConversationSerializer(serializers.Serializer[SupportCase]):
    """A support conversation. Its messages are those of the room with the same id."""

    uid = serializers.UUIDField(source="room.uid")
    title = serializers.CharField(source="room.title")
    about = serializers.SerializerMethodField()
    url = UrlField(source="room.get_absolute_url")
    customer = PersonSerializer(source="room.customer", allow_null=True)
    assignee = PersonSerializer(allow_null=True)
    status = serializers.ChoiceField(choices=SupportCase.Status.choices)
    priority = serializers.ChoiceField(choices=SupportCase.Priority.choices)
    opened_at = TimeField()
    turn_at = TimeField()
    first_reply_at = TimeField(allow_null=True)
    closed_at = TimeField(allow_null=True)
    last_seq = serializers.IntegerField(source="room.last_seq")
    last_rev = serializers.IntegerField(source="room.last_rev")

    @extend_schema_field(ReferenceOut(allow_null=True))
    def get_about(self, case: SupportCase) -> dict[str, str] | None:
        return _pair(case.room)


class ConversationCreateSerializer(In):
    """The first message, about a subject that the caller can see, or with a title."""

    about = ReferenceSerializer(required=False, allow_null=True, default=None)
    title = serializers.CharField(max_length=120, allow_blank=True, default="")
    client_id = serializers.UUIDField()
    body = serializers.CharField(max_length=protocol.MAX_BODY_LENGTH)


class CaseUpdateSerializer(In):
    """Changes to a case. Omitted fields stay unchanged."""

    assignee = serializers.UUIDField(required=False, allow_null=True)
    status = serializers.ChoiceField(choices=["open", "closed"], required=False)
    priority = serializers.ChoiceField(choices=SupportCase.Priority.choices, required=False)
