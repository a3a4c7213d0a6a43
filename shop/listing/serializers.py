"""Pictures of products in the API."""

from rest_framework import serializers

from core.api.fields import UrlField
from core.media.images import Image


class ProductImageSerializer(serializers.Serializer[Image]):
    """A picture; `url` always works."""

    url = UrlField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt = serializers.CharField()
