"""Search for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core import search
from core.api.viewsets import GrantedViewMixin, Problem

MAX_HITS = 100


class SearchIn(serializers.Serializer[Any]):
    q = serializers.CharField(max_length=search.LONGEST_QUERY)
    kind = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_HITS, default=24)


class HitOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField(source="public_id")
    title = serializers.CharField()
    summary = serializers.CharField()
    url = serializers.CharField()
    rank = serializers.FloatField()


class FoundOut(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    capped = serializers.BooleanField(help_text="True when there may be more than `total`.")
    hits = HitOut(many=True)


class SearchViewSet(GrantedViewMixin, viewsets.ViewSet):
    """What the caller may find, best first, across products, posts and rooms."""

    serializer_class = FoundOut
    is_list = False
    parameters = ("q", "kind", "limit")

    @extend_schema(
        parameters=[SearchIn, OpenApiParameter("kind", str, many=True)], responses={200: FoundOut, 400: Problem}
    )
    def list(self, request: Request) -> Response:
        asked = SearchIn(data={**request.query_params.dict(), "kind": request.query_params.getlist("kind")})
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        found = search.find(wanted["q"], self.grant, wanted.get("kind") or None, wanted["limit"])
        return Response(FoundOut(found).data)


routes: list[tuple[str, Any, str]] = [("search", SearchViewSet, "search")]
