"""The security log in the API, and the activity of one's own account."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import recent_authentication
from accounts.security_log import queries, timeline
from accounts.security_log.queries import LogFilters
from core.api.csv_renderer import CsvRenderer
from core.api.fields import ReferenceOut, TimeField, TimeFilter
from core.api.viewsets import GrantedViewMixin, Problem
from core.events import services as events
from core.events.models import Event, EventOrigin

LIST_ERRORS = {400: Problem, 401: Problem, 403: Problem}


class SecurityLogEntrySerializer(serializers.Serializer[EventOrigin]):
    """A security-related event. Address and browser are deleted after a while."""

    uid = serializers.UUIDField(source="event.uid")
    at = TimeField()
    action = serializers.CharField(source="event.name")
    subject = serializers.SerializerMethodField()
    actor = serializers.SerializerMethodField()
    impersonator = serializers.CharField(
        source="event.impersonator_id", help_text="The uid of who really acted; empty for who acted as themselves."
    )
    address = serializers.IPAddressField(allow_null=True)
    agent = serializers.CharField(help_text="What the browser calls itself.")
    request_id = serializers.CharField(source="event.request_id")

    @extend_schema_field(ReferenceOut())
    def get_subject(self, entry: EventOrigin) -> dict[str, str]:
        return {"kind": entry.event.subject_kind, "id": entry.event.subject_id}

    @extend_schema_field(ReferenceOut())
    def get_actor(self, entry: EventOrigin) -> dict[str, str]:
        return {"kind": entry.event.actor_kind, "id": entry.event.actor_id}


class SecurityLogFilter(filters.FilterSet):
    """Filters; all given ones must match."""

    person = filters.CharFilter(method="filter_field", help_text="Public id or email address.")
    action = filters.ChoiceFilter(method="filter_field", choices=queries.action_choices())
    address = filters.CharFilter(method="filter_field", help_text="An address or a network, such as 203.0.113.0/24.")
    since = TimeFilter(method="filter_field")
    until = TimeFilter(method="filter_field")

    def filter_field(self, queryset: QuerySet[EventOrigin], name: str, value: Any) -> QuerySet[EventOrigin]:
        """Apply one filter. Raises InvalidAddress."""
        return queries.filter_entries(queryset, LogFilters(**{name: value}))


@extend_schema_view(list=extend_schema(responses={200: SecurityLogEntrySerializer(many=True), **LIST_ERRORS}))
class SecurityLogViewSet(GrantedViewMixin, mixins.ListModelMixin, viewsets.GenericViewSet[EventOrigin]):
    """Security-related events of all accounts, newest first. Needs the permission `core.view_security_log`."""

    queryset = EventOrigin.objects.none()  # for the schema
    serializer_class = SecurityLogEntrySerializer
    filterset_class = SecurityLogFilter
    required_scopes: ClassVar = {"GET": "security:read"}
    required_permission = "core.view_security_log"
    ordering = ("-at", "-pk")
    ordering_fields: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self) -> QuerySet[EventOrigin]:
        return queries.get_entries(LogFilters())

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List entries, newest first. A CSV export requires a recent sign-in from browser sessions, and
        security_log.exported is recorded.
        """
        if request.accepted_renderer.format == CsvRenderer.format:
            self._record_export(request)
        return super().list(request, *args, **kwargs)

    def _record_export(self, request: Request) -> None:
        if self.grant.kind == "session" and recent_authentication.is_needed(request._request):  # noqa: SLF001  it knows the session
            raise recent_authentication.RecentAuthenticationRequired
        asked = sorted(name for name in SecurityLogFilter.base_filters if request.query_params.get(name))
        events.record("security_log.exported", ("security_log", ""), by=self.grant.actor, asked=asked)


class ActivitySerializer(serializers.Serializer[Event]):
    """An event of the authenticated person's account."""

    uid = serializers.UUIDField()
    at = TimeField()
    action = serializers.CharField(source="name")
    is_warning = serializers.SerializerMethodField()
    by_staff = serializers.SerializerMethodField(help_text="Whether staff did it in the person's name.")

    def get_is_warning(self, event: Event) -> bool:
        return timeline.is_warning(event)

    def get_by_staff(self, event: Event) -> bool:
        return bool(event.impersonator_id)


@extend_schema_view(list=extend_schema(responses={200: ActivitySerializer(many=True), **LIST_ERRORS}))
class ActivityViewSet(GrantedViewMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Event]):
    """Activity of my account, newest first."""

    queryset = Event.objects.none()  # for the schema
    serializer_class = ActivitySerializer
    required_scopes: ClassVar = {"GET": "account:read"}
    ordering = ("-id",)
    ordering_fields: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.none() if self.grant.user is None else timeline.get_events(self.grant.user)
