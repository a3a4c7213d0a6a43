"""Moderation queue, reports and bans in the API."""

from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.moderation import registry as moderation
from accounts.moderation.models import Case, Report
from accounts.moderation.services import cases, reports
from core import rate_limits
from core.api.fields import EmailField, KindField, KindFilter, ReferenceOut, TimeField
from core.api.viewsets import GrantedViewMixin, In, Problem, ReadViewSet
from core.context import Actor

ANONYMOUS_RATE, USER_RATE = "5/hour", "20/hour"
MANAGE_SCOPE = "moderation:manage"


class ModerationCaseSerializer(serializers.Serializer[Case]):
    """Content that staff should review. A decision names `version`."""

    uid = serializers.UUIDField()
    about = serializers.SerializerMethodField()
    author = serializers.UUIDField(source="author.uid", default=None, allow_null=True)
    state = serializers.ChoiceField(choices=Case.State.choices)
    score = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField())
    reports = serializers.IntegerField()
    version = serializers.IntegerField()
    act = serializers.CharField()
    words = serializers.CharField()
    opened_at = TimeField()
    decided_at = TimeField(allow_null=True)
    decided_by = serializers.UUIDField(source="decided_by.uid", default=None, allow_null=True)

    @extend_schema_field(ReferenceOut())
    def get_about(self, case: Case) -> dict[str, str]:
        return {"kind": case.kind, "id": case.subject_id}


class DecisionSerializer(In):
    """`approve` keeps the content, `refuse` removes it."""

    act = serializers.ChoiceField(choices=Case.Act.choices)
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    words = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class UndoDecisionSerializer(In):
    """The version of the case whose decision is undone."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class CaseFilter(django_filters.FilterSet):
    """Cases about content of a kind, open or decided."""

    about_kind = KindFilter(moderation.get_kinds, field_name="kind")
    state = django_filters.ChoiceFilter(choices=Case.State.choices)


class CaseViewSet(ReadViewSet[Case]):
    """Moderation cases of the kinds that the caller may decide, oldest first."""

    serializer_class = ModerationCaseSerializer
    filterset_class = CaseFilter
    required_scopes: ClassVar = dict.fromkeys(("GET", "POST"), MANAGE_SCOPE)
    required_permission = "accounts.moderate"
    lookup_field = "uid"
    lookup_value_converter = "uuid"
    ordering = ("id",)

    def is_for(self, by: Actor) -> bool:
        return bool(moderation.get_sources(by))

    def get_queryset(self) -> QuerySet[Case]:
        kinds = [source.kind for source in moderation.get_sources(self.grant.actor)]
        return Case.objects.filter(kind__in=kinds).select_related("author", "decided_by")

    @extend_schema(
        request=DecisionSerializer, responses={201: ModerationCaseSerializer, 403: Problem, 404: Problem, 409: Problem}
    )
    @action(detail=True, methods=["post"], filter_backends=[])
    def decisions(self, request: Request, uid: UUID) -> Response:
        """Decide a case as it was at `version`. 409 when it was decided meanwhile."""
        case = cases.decide(case_uid=self.get_object().uid, by=self.grant.actor, **DecisionSerializer.parse(request))
        return Response(ModerationCaseSerializer(case).data, 201)

    @extend_schema(
        request=UndoDecisionSerializer,
        responses={201: ModerationCaseSerializer, 403: Problem, 404: Problem, 409: Problem},
    )
    @action(detail=True, methods=["post"], filter_backends=[])
    def reopenings(self, request: Request, uid: UUID) -> Response:
        """Undo one's own decision, within two minutes."""
        case = cases.undo_decision(
            case_uid=self.get_object().uid, by=self.grant.actor, **UndoDecisionSerializer.parse(request)
        )
        return Response(ModerationCaseSerializer(case).data, 201)


class ReportTargetSerializer(In):
    """Content that can be reported, by its kind and public id."""

    kind = KindField(moderation.get_kinds)
    id = serializers.CharField(max_length=80)


class ReportCreateSerializer(In):
    """The reported content, and the reason."""

    about = ReportTargetSerializer()
    reason = serializers.ChoiceField(choices=Report.Reason.choices)
    words = serializers.CharField(max_length=reports.MAX_REPORT_LENGTH, required=False, allow_blank=True, default="")


class ReportReceiptSerializer(serializers.Serializer[Any]):
    """The report was received."""

    state = serializers.ChoiceField(choices=[("kept", "kept")])


class ReportViewSet(GrantedViewMixin, viewsets.ViewSet):
    """Reports of content."""

    serializer_class = ReportReceiptSerializer
    program_scopes: ClassVar = {"POST": "account:write"}

    @extend_schema(
        request=ReportCreateSerializer,
        responses={202: ReportReceiptSerializer, 403: Problem, 404: Problem, 429: Problem},
    )
    def create(self, request: Request) -> Response:
        """Report content that the caller may see. Anonymous visitors may too."""
        given, network = ReportCreateSerializer.parse(request), rate_limits.client_key(request._request)  # noqa: SLF001
        rate = USER_RATE if self.grant.user else ANONYMOUS_RATE
        rate_limits.require(rate, "report", self.grant.actor.id or network)
        about = given.pop("about")
        reports.report_visible(kind=about["kind"], subject_id=about["id"], viewer=self.grant, network=network, **given)
        return Response({"state": "kept"}, 202)


class BanCreateSerializer(In):
    """One person by id or email address, or a network. An unregistered address is stored as a digest and in part."""

    user = serializers.UUIDField(required=False, allow_null=True, default=None)
    email = EmailField(max_length=254, required=False, allow_blank=True, default="")
    network = serializers.CharField(max_length=43, required=False, allow_blank=True, default="")
    scope = serializers.ChoiceField(choices=Ban.Scope.choices)
    reason = serializers.ChoiceField(choices=Report.Reason.choices)
    words = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    until = TimeField(required=False, allow_null=True, default=None)


class BanSerializer(serializers.Serializer[Ban]):
    """A ban, active or ended."""

    uid = serializers.UUIDField()
    user = serializers.UUIDField(source="user.uid", default=None, allow_null=True)
    email_hint = serializers.CharField(help_text="The banned address in part, where it is of nobody here.")
    network = serializers.CharField()
    scope = serializers.ChoiceField(choices=Ban.Scope.choices)
    reason = serializers.ChoiceField(choices=Report.Reason.choices)
    words = serializers.CharField()
    until = TimeField(allow_null=True)
    created_at = TimeField()
    ended_at = TimeField(allow_null=True)


class BanViewSet(ReadViewSet[Ban]):
    """Bans, newest first. Needs the permission `accounts.ban_user`."""

    serializer_class = BanSerializer
    required_scopes: ClassVar = dict.fromkeys(("GET", "POST", "DELETE"), MANAGE_SCOPE)
    required_permission = "accounts.ban_user"
    lookup_field = "uid"
    lookup_value_converter = "uuid"
    queryset = Ban.objects.select_related("user")

    @extend_schema(
        request=BanCreateSerializer, responses={201: BanSerializer, 403: Problem, 404: Problem, 422: Problem}
    )
    def create(self, request: Request) -> Response:
        """Ban a person, an address or a network."""
        given = BanCreateSerializer.parse(request)
        user = bans.get_user_to_ban(given.pop("user"), by=self.grant.actor)
        return Response(BanSerializer(bans.ban(by=self.grant.actor, user=user, now=timezone.now(), **given)).data, 201)

    @extend_schema(responses={204: None, 403: Problem, 404: Problem})
    def destroy(self, request: Request, uid: UUID) -> Response:
        """End a ban. The ban is retained."""
        bans.unban(ban_uid=self.get_object().uid, by=self.grant.actor)
        return Response(status=204)
