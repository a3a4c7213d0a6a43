"""Reviews in the API."""

from rest_framework import serializers

from core.api.fields import TimeField
from core.api.viewsets import In
from shop.reviews.models import Review


class ReviewCreateSerializer(In):
    """A buyer's words."""

    rating = serializers.IntegerField(min_value=1, max_value=5)
    title = serializers.CharField(max_length=120, allow_blank=True, default="")
    body = serializers.CharField(max_length=4000, allow_blank=True, default="")


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """What a buyer said."""

    uid = serializers.UUIDField()
    author = serializers.CharField(source="user.display_name")
    is_verified = serializers.BooleanField()
    created_at = TimeField()

    class Meta:
        model = Review
        fields = ("uid", "rating", "title", "body", "author", "is_verified", "created_at")
