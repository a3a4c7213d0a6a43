"""API keys in the API. Only a browser session with a recent sign-in can manage keys."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_keys import queries as api_key_queries
from accounts.api_keys import services as api_keys
from accounts.api_keys.models import ApiKey, State
from accounts.authentication import recent_authentication
from accounts.users.models import User
from core.api.fields import TimeField
from core.api.permissions import HasScope, grant_of
from core.api.viewsets import In, NothingIn, Problem, ReadViewSet
from core.errors import Denied
from core.scopes import SCOPES

UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
WRITE_ERRORS = {400: Problem, 401: Problem, 403: Problem, 409: Problem, 422: Problem}


class SessionRequired(Denied):
    code = "session_required"
    message = _("Only available to people signed in with a browser.")


class RecentSession(permissions.BasePermission):
    """Requires a session instead of a key, and for writes a recent sign-in.

    Raises SessionRequired, RecentAuthenticationRequired, NotWhileImpersonating.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if grant_of(request).kind != "session":
            raise SessionRequired
        if request.method not in permissions.SAFE_METHODS and recent_authentication.is_needed(request._request):  # noqa: SLF001
            raise recent_authentication.RecentAuthenticationRequired
        return True


class ApiKeyCreateSerializer(In):
    """A new key. Without `networks` it is accepted from everywhere; without `expires_at` it does not expire."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=40), min_length=1, max_length=len(SCOPES), help_text="What it may do."
    )
    expires_at = TimeField(required=False, allow_null=True, default=None)
    networks = serializers.ListField(
        child=serializers.CharField(max_length=43),
        max_length=20,
        required=False,
        default=list,
        help_text="Addresses and networks such as 203.0.113.0/24.",
    )


class ApiKeySerializer(serializers.Serializer[ApiKey]):
    """An API key without its secret."""

    uid = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="What follows `agr_` in the key.")
    scopes = serializers.ListField(child=serializers.CharField())
    networks = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=State.choices)
    expires_at = TimeField(allow_null=True)
    revoked_at = TimeField(allow_null=True)
    last_used_at = TimeField(allow_null=True, help_text="To the minute.")
    former_until = TimeField(allow_null=True, help_text="Until when the former secret works.")
    created_at = TimeField()


class ApiKeyWithTokenSerializer(serializers.Serializer[api_keys.ApiKeyWithToken]):
    """A key and its token, which is never shown again."""

    key = ApiKeySerializer()
    token = serializers.CharField(help_text="Begins with `agr_`.")


class ApiKeyViewSet(ReadViewSet[ApiKey]):
    """The API keys of the authenticated person, newest first."""

    serializer_class = ApiKeySerializer
    permission_classes = (HasScope, RecentSession)
    required_scopes: ClassVar = {"GET": "account:read", "POST": "account:write", "DELETE": "account:write"}
    lookup_field = "uid"
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[ApiKey]:
        return api_key_queries.get_api_keys(self.grant)  # scoping is the authorisation

    @extend_schema(request=ApiKeyCreateSerializer, responses={201: ApiKeyWithTokenSerializer, **WRITE_ERRORS})
    def create(self, request: Request) -> Response:
        """Create a key. The response contains its secret, so it is not stored for an `Idempotency-Key`."""
        person = cast("User", self.grant.user)
        made = api_keys.add_key(user_id=person.pk, by=self.grant.actor, **ApiKeyCreateSerializer.parse(request))
        return _token_response(made)

    @extend_schema(responses={204: None, 401: Problem, 403: Problem, 404: Problem})
    def destroy(self, request: Request, uid: str) -> Response:
        """Revoke a key with immediate effect."""
        api_keys.revoke_key(key_id=self.get_object().pk, by=self.grant.actor)
        return Response(status=204)

    @extend_schema(request=None, responses={201: ApiKeyWithTokenSerializer, 404: Problem, **WRITE_ERRORS})
    @action(detail=True, methods=["post"], filter_backends=[])
    def secrets(self, request: Request, uid: str) -> Response:
        """Replace the secret. The former secret works for one more day."""
        NothingIn.parse(request)
        return _token_response(api_keys.rotate_key(key_id=self.get_object().pk, by=self.grant.actor))


def _token_response(made: api_keys.ApiKeyWithToken) -> Response:
    return Response(ApiKeyWithTokenSerializer(made).data, status=201, headers={"Cache-Control": "no-store"})
