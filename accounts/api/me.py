"""A person's own account, for programs."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.services import people
from core.api.viewsets import GrantedViewMixin, In, Problem


class MeIn(In):
    """What may be changed; what is left out stays."""

    name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    bio = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class MeOut(serializers.Serializer[Any]):
    """The person who asks."""

    id = serializers.UUIDField(source="uid")
    email = serializers.EmailField()
    name = serializers.CharField()
    display_name = serializers.CharField()
    bio = serializers.CharField()
    avatar = serializers.URLField(source="avatar.image.url", default=None, allow_null=True)
    is_staff = serializers.BooleanField()
    roles = serializers.SerializerMethodField()
    joined_at = serializers.DateTimeField(source="created_at")

    def get_roles(self, user: User) -> list[str]:
        return list(user.groups.filter(role__isnull=False).order_by("role__slug").values_list("role__slug", flat=True))


class MeViewSet(GrantedViewMixin, viewsets.ViewSet):
    """The signed-in person's own profile."""

    serializer_class = MeOut
    required_scopes: ClassVar = {"GET": "account:read", "PATCH": "account:write"}

    @extend_schema(responses={200: MeOut, 401: Problem, 403: Problem})
    @action(detail=False, methods=["get"])
    def me(self, request: Request) -> Response:
        """Who I am."""
        return Response(MeOut(self._person).data)

    @extend_schema(request=MeIn, responses={200: MeOut, 400: Problem, 401: Problem, 403: Problem})
    @me.mapping.patch
    def change_me(self, request: Request) -> Response:
        """Change the named parts of my profile."""
        changes = cast("people.Profile", MeIn.parse(request))
        user = people.change_profile(user_id=self._person.pk, by=self.grant.actor, **changes)
        return Response(MeOut(user).data)

    @property
    def _person(self) -> User:
        return cast("User", self.grant.user)
