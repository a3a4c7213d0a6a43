"""Search for programs."""

from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import UrlField
from core.api.pagination import OnePage, one_page, page_schema
from core.api.viewsets import GrantedViewMixin, Problem
from core.search import index as search

MAX_HITS = 100


class SearchQuerySerializer(serializers.Serializer[Any]):
    q = serializers.CharField(max_length=search.MAX_QUERY_LENGTH)
    page_size = serializers.IntegerField(min_value=1, default=24, help_text="How many; more than 100 gives 100.")

    def get_fields(self) -> dict[str, Any]:
        kinds = serializers.MultipleChoiceField(choices=search.kinds(), required=False)
        return {**super().get_fields(), "kind": kinds}


class HitSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField(source="public_id", help_text="Its public id.")
    title = serializers.CharField()
    summary = serializers.CharField()
    url = UrlField()
    rank = serializers.FloatField()


class Hits(OnePage):
    """The best hits, and how many things fit."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        total = {"type": "integer", "description": "How many fit."}
        capped = {"type": "boolean", "description": "True when there may be more than `total`."}
        return page_schema(schema, total=total, capped=capped)


class SearchViewSet(GrantedViewMixin, viewsets.ViewSet):
    """What the caller may find, best first, across products, posts and rooms."""

    serializer_class = HitSerializer
    pagination_class = Hits
    program_scopes: ClassVar = {"GET": settings.SEARCH_API_SCOPE}
    parameters = ("q", "kind", "page_size")

    @extend_schema(parameters=[SearchQuerySerializer], responses={200: HitSerializer(many=True), 400: Problem})
    def list(self, request: Request) -> Response:
        kinds = [kind for kind in request.query_params.getlist("kind") if kind]
        asked = SearchQuerySerializer(data={**request.query_params.dict(), "kind": kinds})
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        found = search.find(wanted["q"], self.grant, sorted(wanted["kind"]) or None, min(wanted["page_size"], MAX_HITS))
        return Response(one_page(HitSerializer(found.hits, many=True).data, total=found.total, capped=found.capped))


routes: list[tuple[str, Any, str]] = [("search", SearchViewSet, "search")]
