"""Data exports and account deletion in the API. Both require a browser session with a recent sign-in."""

from typing import ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_keys.viewsets import UUID_PATTERN, RecentSession
from accounts.data_requests.models import DataExport
from accounts.data_requests.services import deletions as closing
from accounts.data_requests.services import exports
from accounts.users.models import Closing, User
from core.api.fields import EmailField, TimeField
from core.api.permissions import HasScope
from core.api.viewsets import GrantedViewMixin, In, NothingIn, Problem, ReadViewSet
from core.errors import NotFound

AUTH_ERRORS = {401: Problem, 403: Problem}


class DataExportSerializer(serializers.Serializer[DataExport]):
    """A data export. The download link is in the email."""

    uid = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DataExport.State.choices)
    size = serializers.IntegerField(allow_null=True, help_text="In bytes.")
    asked_at = TimeField()
    made_at = TimeField(allow_null=True)
    expires_at = TimeField(allow_null=True, help_text="Until when it can be fetched.")


class DataExportViewSet(ReadViewSet[DataExport]):
    """The data exports of the authenticated person, newest first."""

    serializer_class = DataExportSerializer
    permission_classes = (HasScope, RecentSession)
    required_scopes: ClassVar = {"GET": "account:read", "POST": "account:write"}
    lookup_field = "uid"
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[DataExport]:
        user = self.grant.user
        return DataExport.objects.none() if user is None else DataExport.objects.filter(user=user)

    @extend_schema(request=None, responses={202: DataExportSerializer, 409: Problem, 429: Problem, **AUTH_ERRORS})
    def create(self, request: Request) -> Response:
        """Request an export of my data. It is prepared in the background, and the link is sent by email."""
        NothingIn.parse(request)
        made = exports.request_export(user_id=cast("User", self.grant.user).pk, by=self.grant.actor)
        return Response(DataExportSerializer(made).data, status=202)


class AccountDeletionCreateSerializer(In):
    """Confirmation by email address."""

    email = EmailField(help_text="The address of the account.")


class AccountDeletionSerializer(serializers.Serializer[Closing]):
    """A scheduled account deletion."""

    uid = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Closing.State.choices)
    asked_at = TimeField()
    due_at = TimeField(help_text="Until then it can be taken back.")


class AccountDeletionViewSet(GrantedViewMixin, viewsets.ViewSet):
    """Deletion of the authenticated person's account."""

    serializer_class = AccountDeletionSerializer
    permission_classes = (HasScope, RecentSession)
    required_scopes: ClassVar = {"GET": "account:read", "POST": "account:write", "DELETE": "account:write"}

    @extend_schema(responses={200: AccountDeletionSerializer, 404: Problem, **AUTH_ERRORS})
    @action(detail=False, methods=["get"], url_path="closing")
    def closing(self, request: Request) -> Response:
        """Return the scheduled deletion of my account."""
        running = closing.get_pending_deletion(self._person)
        if running is None:
            raise NotFound
        return Response(AccountDeletionSerializer(running).data)

    @extend_schema(
        request=AccountDeletionCreateSerializer,
        responses={202: AccountDeletionSerializer, 400: Problem, 409: Problem, 422: Problem, **AUTH_ERRORS},
    )
    @closing.mapping.post
    def request_closing(self, request: Request) -> Response:
        """Schedule the deletion of my account. All sessions, including this one, keys and tokens end at once."""
        person = self._person
        if AccountDeletionCreateSerializer.parse(request)["email"] != person.email:
            raise closing.EmailMismatch(field="email")
        return Response(
            AccountDeletionSerializer(closing.request_deletion(user_id=person.pk, by=self.grant.actor)).data, status=202
        )

    @extend_schema(responses={204: None, 404: Problem, 409: Problem, **AUTH_ERRORS})
    @closing.mapping.delete
    def cancel_closing(self, request: Request) -> Response:
        """Cancel the deletion of my account. Keys and tokens stay ended."""
        closing.cancel_deletion(user_id=self._person.pk, by=self.grant.actor)
        return Response(status=204)

    @property
    def _person(self) -> User:
        return cast("User", self.grant.user)
