"""API endpoints for tags."""

from typing import ClassVar

from django.db.models import QuerySet

from blog.tags.models import Tag
from blog.tags.serializers import TagSerializer
from core.api.viewsets import ReadViewSet


class TagViewSet(ReadViewSet[Tag]):
    """The tags of posts."""

    serializer_class = TagSerializer
    program_scopes: ClassVar = {"GET": "blog:read"}
    lookup_field = "slug"
    ordering = ("name",)

    def get_queryset(self) -> QuerySet[Tag]:
        return Tag.objects.all()
