"""Tags in the API."""

from rest_framework import serializers

from blog.tags.models import Tag
from core.api.fields import UrlField


class TagSerializer(serializers.Serializer[Tag]):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    url = UrlField(source="get_absolute_url")
