"""Rooms and their messages for programs."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat.delivery import protocol
from chat.messages import limits, queries, wire
from chat.messages.models import Message
from chat.messages.serializers import (
    MessageCreateSerializer,
    MessageReportSerializer,
    MessageSerializer,
    MessageUpdateSerializer,
    MuteSerializer,
    ReadMarkResultSerializer,
    ReadMarkSerializer,
    RoomSerializer,
)
from chat.messages.services import changes, messages
from chat.rooms import queries as room_queries
from chat.rooms.models import Room
from chat.rooms.services import rooms
from core.api.viewsets import NothingIn, Problem, ReadViewSet
from core.errors import NotFound

SEQ_PATTERN = r"(?P<seq>[0-9]{1,15})"


class RoomFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=Room.Kind.choices)


class RoomViewSet(ReadViewSet[Room]):
    """Rooms the caller may see, liveliest first, each with the caller's place."""

    serializer_class = RoomSerializer
    filterset_class = RoomFilter
    lookup_field = "uid"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    required_scopes: ClassVar = {"GET": "chat:read"} | dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), "chat:write")
    ordering: Sequence[str] = ("-last_message_at", "-id")

    def get_queryset(self) -> QuerySet[Room]:
        return queries.annotate_unread(self.grant).visible_to(self.grant)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "after_rev",
                int,
                description="Return only messages changed after this revision, in order of change. Use it to resume.",
            )
        ],
        responses=MessageSerializer(many=True),
    )
    @action(
        detail=True, serializer_class=MessageSerializer, is_list=True, filter_backends=[], parameters=("after_rev",)
    )
    def messages(self, request: Request, uid: str) -> Response:
        """What was said, newest first; or, with `after_rev`, what changed since."""
        room = room_queries.get_access(UUID(uid), self.grant.actor).room
        found = Message.objects.with_related().filter(room=room)
        self.ordering = ("-seq",)
        if "after_rev" in request.query_params:
            self.ordering = ("rev",)
            found = found.filter(rev__gt=_get_revision(request))
        page: Any = self.paginate_queryset(found)  # type: ignore[arg-type]  # messages, not the rooms of this view
        return self.get_paginated_response(MessageSerializer(page, many=True).data)

    @extend_schema(
        request=MessageCreateSerializer,
        responses={200: MessageSerializer, 201: MessageSerializer, 403: Problem, 409: Problem},
    )
    @messages.mapping.post
    def send_message(self, request: Request, uid: str) -> Response:
        """Say something; 200 instead of 201 when this `client_id` had said it before."""
        data = MessageCreateSerializer.parse(request)
        limits.require_send(self.grant.actor)
        sent = messages.send_message(room_uid=UUID(uid), by=self.grant.actor, **data)
        return Response(wire.serialize_message(sent.message), 200 if sent.duplicate else 201)

    @extend_schema(responses=MessageSerializer)
    @action(detail=True, serializer_class=MessageSerializer, url_path=f"messages/{SEQ_PATTERN}", filter_backends=[])
    def message(self, request: Request, uid: str, seq: str) -> Response:
        _access, message = queries.get_message(UUID(uid), int(seq), self.grant.actor)
        return Response(wire.serialize_message(message))

    @extend_schema(request=MessageUpdateSerializer, responses={200: MessageSerializer, 403: Problem, 409: Problem})
    @message.mapping.patch
    def edit_message(self, request: Request, uid: str, seq: str) -> Response:
        """Change the words of one's own message."""
        body = MessageUpdateSerializer.parse(request)["body"]
        changed = changes.edit_message(room_uid=UUID(uid), seq=int(seq), body=body, by=self.grant.actor)
        return self._message_response(changed)

    @extend_schema(responses={200: MessageSerializer, 403: Problem})
    @message.mapping.delete
    def delete_message(self, request: Request, uid: str, seq: str) -> Response:
        """Leave a tombstone."""
        return self._message_response(changes.delete_message(room_uid=UUID(uid), seq=int(seq), by=self.grant.actor))

    @extend_schema(
        request=None,
        parameters=[OpenApiParameter("emoji", str, OpenApiParameter.PATH, enum=protocol.REACTIONS)],
        responses={200: MessageSerializer, 409: Problem, 422: Problem},
    )
    @action(
        detail=True,
        methods=["put"],
        url_path=f"messages/{SEQ_PATTERN}/reactions/(?P<emoji>[^/]+)",
        filterset_class=None,
    )
    def reaction(self, request: Request, uid: str, seq: str, emoji: str) -> Response:
        """Put a mark on a message."""
        NothingIn.parse(request)
        return self._react(uid, seq, emoji, on=True)

    @extend_schema(
        parameters=[OpenApiParameter("emoji", str, OpenApiParameter.PATH, enum=protocol.REACTIONS)],
        responses={200: MessageSerializer},
    )
    @reaction.mapping.delete
    def remove_reaction(self, request: Request, uid: str, seq: str, emoji: str) -> Response:
        return self._react(uid, seq, emoji, on=False)

    @extend_schema(request=MessageReportSerializer, responses={204: None, 429: Problem})
    @action(detail=True, methods=["post"], url_path=f"messages/{SEQ_PATTERN}/reports", filter_backends=[])
    def reports(self, request: Request, uid: str, seq: str) -> Response:
        """Ask staff to look at a message."""
        reason = MessageReportSerializer.parse(request)["reason"]
        limits.require_report(self.grant.actor)
        changes.report_message(room_uid=UUID(uid), seq=int(seq), reason=reason, by=self.grant.actor)
        return Response(status=204)

    @extend_schema(request=ReadMarkSerializer, responses=ReadMarkResultSerializer)
    @action(detail=True, methods=["put"], filter_backends=[])
    def read(self, request: Request, uid: str) -> Response:
        """How far the caller has read; it never moves back."""
        by = self.grant.actor
        room_queries.get_access(UUID(uid), by)
        rooms.mark_read(room_uid=UUID(uid), seq=ReadMarkSerializer.parse(request)["seq"], by=by)
        return Response({"read_seq": room_queries.get_access(UUID(uid), by).read_seq})

    @extend_schema(request=None, responses={200: RoomSerializer, 403: Problem, 409: Problem})
    @action(detail=True, methods=["put"], filter_backends=[])
    def place(self, request: Request, uid: str) -> Response:
        """Join a public room."""
        NothingIn.parse(request)
        rooms.join_room(room_uid=UUID(uid), by=self.grant.actor)
        return self._room_response(uid)

    @extend_schema(request=MuteSerializer, responses={200: RoomSerializer, 403: Problem})
    @place.mapping.patch
    def mute(self, request: Request, uid: str) -> Response:
        """Stay without being called, or be called again."""
        rooms.mute_room(room_uid=UUID(uid), muted=MuteSerializer.parse(request)["muted"], by=self.grant.actor)
        return self._room_response(uid)

    @extend_schema(responses={204: None, 403: Problem})
    @place.mapping.delete
    def leave(self, request: Request, uid: str) -> Response:
        rooms.leave_room(room_uid=UUID(uid), by=self.grant.actor)
        return Response(status=204)

    def _react(self, uid: str, seq: str, emoji: str, *, on: bool) -> Response:
        by = self.grant.actor
        return self._message_response(changes.react(room_uid=UUID(uid), seq=int(seq), emoji=emoji, on=on, by=by))

    def _message_response(self, message: Message) -> Response:
        return Response(wire.serialize_message(Message.objects.with_related().get(pk=message.pk)))

    def _room_response(self, uid: str) -> Response:
        room = self.get_queryset().filter(uid=uid).first()
        if room is None:
            raise NotFound
        return Response(RoomSerializer(room).data)


def _get_revision(request: Request) -> int:
    given: Any = request.query_params["after_rev"]
    if not (given.isascii() and given.isdigit() and len(given) < 16):  # noqa: PLR2004  within 2**53
        raise ValidationError({"after_rev": [_("Enter a revision as a whole number.")]})
    return int(given)
