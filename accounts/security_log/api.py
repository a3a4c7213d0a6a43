"""The security log for programs of staff, and what happened to oneself for everybody's."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts import timeline
from accounts.security_log import queries
from accounts.security_log.queries import Wanted
from core.api.viewsets import GrantedViewMixin, Problem
from core.errors import Denied
from core.filters import DateTimeFilter
from core.models import Event, EventOrigin

REFUSALS = {400: Problem, 401: Problem, 403: Problem}


class PartyOut(serializers.Serializer[Any]):
    """Who or what: a kind and a public id."""

    kind = serializers.CharField()
    id = serializers.CharField()


class EntryOut(serializers.Serializer[EventOrigin]):
    """An event that concerns the safety of accounts. Address and browser are forgotten after a while."""

    id = serializers.UUIDField(source="event.uid")
    at = serializers.DateTimeField()
    action = serializers.CharField(source="event.name")
    subject_kind = serializers.CharField(source="event.subject_kind")
    subject_id = serializers.CharField(source="event.subject_id")
    actor_kind = serializers.CharField(source="event.actor_kind")
    actor_id = serializers.CharField(source="event.actor_id")
    impersonator_id = serializers.CharField(source="event.impersonator_id", help_text="Who really acted.")
    address = serializers.IPAddressField(allow_null=True)
    agent = serializers.CharField(help_text="What the browser calls itself.")
    request_id = serializers.CharField(source="event.request_id")


class LogFilter(filters.FilterSet):
    """What is looked for; all that is given must fit."""

    person = filters.CharFilter(method="keep", help_text="Public id or e-mail address.")
    action = filters.ChoiceFilter(method="keep", choices=[(name, name) for name in queries.ACTIONS])
    address = filters.CharFilter(method="keep", help_text="An address or a network, such as 203.0.113.0/24.")
    since = DateTimeFilter(method="keep")
    until = DateTimeFilter(method="keep")

    def keep(self, queryset: QuerySet[EventOrigin], name: str, value: Any) -> QuerySet[EventOrigin]:
        """Raises BadAddress."""
        return queries.narrow(queryset, Wanted(**{name: value}))


@extend_schema_view(list=extend_schema(responses={200: EntryOut(many=True), **REFUSALS}))
class SecurityLogViewSet(GrantedViewMixin, mixins.ListModelMixin, viewsets.GenericViewSet[EventOrigin]):
    """Who did what to accounts, from where; the newest first. Needs the permission `core.view_security_log`."""

    queryset = EventOrigin.objects.none()  # for the schema
    serializer_class = EntryOut
    filterset_class = LogFilter
    required_scopes: ClassVar = {"GET": "security:read"}
    ordering = ("-at", "-pk")
    ordering_fields: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self) -> QuerySet[EventOrigin]:
        if not self.grant.actor.can("core.view_security_log"):
            raise Denied
        return queries.entries(Wanted())


class HappenedOut(serializers.Serializer[Event]):
    """Something that happened to the account of the person who asks."""

    id = serializers.UUIDField(source="uid")
    at = serializers.DateTimeField()
    action = serializers.CharField(source="name")
    is_warning = serializers.SerializerMethodField()
    by_staff = serializers.SerializerMethodField(help_text="Whether staff did it in the person's name.")

    def get_is_warning(self, event: Event) -> bool:
        return event.name in timeline.WARNINGS

    def get_by_staff(self, event: Event) -> bool:
        return bool(event.impersonator_id)


@extend_schema_view(list=extend_schema(responses={200: HappenedOut(many=True), **REFUSALS}))
class ActivityViewSet(GrantedViewMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Event]):
    """What happened to my account, the newest first."""

    queryset = Event.objects.none()  # for the schema
    serializer_class = HappenedOut
    required_scopes: ClassVar = {"GET": "account:read"}
    ordering = ("-id",)
    ordering_fields: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.none() if self.grant.user is None else timeline.events_of(self.grant.user)
