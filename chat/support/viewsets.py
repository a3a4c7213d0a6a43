"""API endpoints for support conversations."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.users.models import User
from chat.messages import limits
from chat.rooms.models import Room
from chat.rooms.queries import NotAMember
from chat.support import services as cases
from chat.support.models import SupportCase
from chat.support.serializers import CaseUpdateSerializer, ConversationCreateSerializer, ConversationSerializer
from core.api.fields import KindFilter
from core.api.viewsets import Problem, ReadViewSet
from core.composition import cards
from core.errors import Invalid, NotFound


class ConversationFilter(django_filters.FilterSet):
    """Filter conversations by status, assignee or subject."""

    status = django_filters.ChoiceFilter(choices=SupportCase.Status.choices)
    assignee = django_filters.UUIDFilter(field_name="assignee__uid")
    about_kind = KindFilter(cards.kinds, field_name="room__subject_kind")
    about_id = django_filters.CharFilter(field_name="room__subject_id")


class ConversationViewSet(ReadViewSet[SupportCase]):
    """The caller's support conversations; all of them for agents, longest wait first."""

    serializer_class = ConversationSerializer
    filterset_class = ConversationFilter
    lookup_field = "room__uid"
    lookup_url_kwarg = "uid"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    required_scopes: ClassVar = {"GET": "chat:read", "POST": "chat:write", "PATCH": "chat:write"}
    ordering: Sequence[str] = ("turn_at", "id")
    ordering_fields: ClassVar = ("turn_at", "opened_at")

    def get_queryset(self) -> QuerySet[SupportCase]:
        return SupportCase.objects.for_desk().filter(room__in=Room.objects.visible_to(self.grant))

    @extend_schema(
        request=ConversationCreateSerializer,
        responses={200: ConversationSerializer, 201: ConversationSerializer, 404: Problem, 429: Problem},
    )
    def create(self, request: Request) -> Response:
        """Start a support conversation. Returns 200 instead of 201 when one about this subject continues."""
        data = ConversationCreateSerializer.parse(request)
        user = self.grant.user
        if user is None:
            raise NotAMember
        about = (data["about"]["kind"], data["about"]["id"]) if data["about"] else None
        title = self._title(about, data["title"])
        limits.require_open(self.grant.actor)
        opened = cases.open_conversation(
            about=about,
            title=title,
            customer=user,
            by=self.grant.actor,
            body=data["body"],
            client_id=data["client_id"],
        )
        return self._answer(opened.room.uid, 201 if opened.new else 200)

    @extend_schema(
        request=CaseUpdateSerializer, responses={200: ConversationSerializer, 403: Problem, 409: Problem, 422: Problem}
    )
    def partial_update(self, request: Request, uid: str) -> Response:
        """Assign, close, reopen or prioritise a conversation, for agents. All changes apply, or none."""
        data, room_uid = CaseUpdateSerializer.parse(request), UUID(uid)
        if "assignee" in data:
            data["assignee"] = _get_agent(data["assignee"])
        cases.change_case(room_uid=room_uid, by=self.grant.actor, **data)
        return self._answer(room_uid)

    def _title(self, about: tuple[str, str] | None, title: str) -> str:
        """Return the title of the subject, which the caller must be able to see."""
        if about is None:
            if not title:
                raise Invalid(field="title")
            return title
        card = cards.one(*about, self.grant)
        if card is None:
            raise NotFound(field="about")
        return card.title

    def _answer(self, room_uid: UUID, status: int = 200) -> Response:
        case = self.get_queryset().filter(room__uid=room_uid).first()
        if case is None:
            raise NotFound
        return Response(ConversationSerializer(case).data, status)


def _get_agent(uid: UUID | None) -> User | None:
    if uid is None:
        return None
    person = User.objects.filter(uid=uid).first()
    if person is None:
        raise cases.NotAnAgent(field="assignee")
    return person
