"""The authenticated person's profile in the API."""

from typing import Any, ClassVar, Unpack, cast

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.users import services as people
from accounts.users.models import User
from core.api.fields import TimeField, UrlField
from core.api.parsers import MultiPartParser
from core.api.viewsets import GrantedViewMixin, In, Problem
from core.content.services import pictures


class ProfileUpdateSerializer(In):
    """Fields to change; omitted fields stay."""

    name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    bio = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class AvatarUploadSerializer(In):
    """A profile picture."""

    picture = serializers.FileField(help_text="JPEG, PNG, WebP or AVIF, up to 12 MB; it is re-encoded.")


class ProfileSerializer(serializers.Serializer[Any]):
    """The authenticated person."""

    uid = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    display_name = serializers.CharField()
    bio = serializers.CharField()
    avatar = UrlField(source="avatar.image.url", default=None, allow_null=True)
    is_staff = serializers.BooleanField()
    roles = serializers.SerializerMethodField()
    joined_at = TimeField(source="created_at")

    def get_roles(self, user: User) -> list[str]:
        return list(user.groups.filter(role__isnull=False).order_by("role__slug").values_list("role__slug", flat=True))


class ProfileViewSet(GrantedViewMixin, viewsets.ViewSet):
    """The authenticated person's own profile."""

    serializer_class = ProfileSerializer
    required_scopes: ClassVar = {
        "GET": "account:read",
        "PATCH": "account:write",
        "PUT": "account:write",
        "DELETE": "account:write",
    }

    @extend_schema(responses={200: ProfileSerializer, 401: Problem, 403: Problem})
    @action(detail=False, methods=["get"])
    def me(self, request: Request) -> Response:
        """Return my profile."""
        return Response(ProfileSerializer(self._person).data)

    @extend_schema(
        request=ProfileUpdateSerializer, responses={200: ProfileSerializer, 400: Problem, 401: Problem, 403: Problem}
    )
    @me.mapping.patch
    def change_me(self, request: Request) -> Response:
        """Change parts of my profile."""
        return self._changed(**cast("people.ProfileChanges", ProfileUpdateSerializer.parse(request)))

    @extend_schema(
        request={"multipart/form-data": AvatarUploadSerializer},
        responses={200: ProfileSerializer, 400: Problem, 401: Problem, 403: Problem, 422: Problem, 503: Problem},
    )
    @action(detail=False, methods=["put"], url_path="me/avatar", parser_classes=[MultiPartParser])
    def avatar(self, request: Request) -> Response:
        """Replace my profile picture; the former one is deleted."""
        upload = AvatarUploadSerializer.parse(request)["picture"]
        with transaction.atomic():  # no unused picture stays
            picture = pictures.add_picture(upload=upload, by=self.grant.actor, decorative=True)
            return self._changed(avatar=picture)

    @extend_schema(responses={200: ProfileSerializer, 401: Problem, 403: Problem})
    @avatar.mapping.delete
    def remove_avatar(self, request: Request) -> Response:
        """Remove my profile picture."""
        return self._changed(avatar=None)

    def _changed(self, **changes: Unpack[people.ProfileChanges]) -> Response:
        user = people.change_profile(user_id=self._person.pk, by=self.grant.actor, **changes)
        return Response(ProfileSerializer(user).data)

    @property
    def _person(self) -> User:
        return cast("User", self.grant.user)
