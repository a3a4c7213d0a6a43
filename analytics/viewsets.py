"""Sales in the API."""

from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import queries
from core.api.pagination import OnePage, one_page
from core.api.viewsets import GrantedViewMixin, In, MoneyField, Problem
from core.errors import Invalid

MAX_PERIOD = timedelta(days=366)


class InvalidPeriod(Invalid):
    code = "bad_period"
    message = _("Enter a period of at most 366 days that ends after it begins.")


class PeriodSerializer(In):
    """`from` and `to`, both included."""

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(), "to": serializers.DateField()}


class SalesSerializer(serializers.Serializer[Any]):
    """A day with sales or refunds, in one currency."""

    date = serializers.DateField()
    currency = serializers.CharField(source="sales.paid.currency")
    orders = serializers.IntegerField(source="sales.orders")
    refunds = serializers.IntegerField(source="sales.refunds")
    paid = MoneyField(source="sales.paid")
    refunded = MoneyField(source="sales.refunded")
    net = MoneyField(source="sales.net")


class InsightsViewSet(GrantedViewMixin, viewsets.ViewSet):
    """Sales and refunds of the shop."""

    pagination_class: Any = None
    required_scopes: ClassVar = {"GET": "shop:read"}
    required_permission = "analytics.view_salefact"

    @extend_schema(
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, required=True),
            OpenApiParameter("to", OpenApiTypes.DATE, required=True),
        ],
        responses={200: SalesSerializer(many=True), 400: Problem, 403: Problem, 422: Problem},
    )
    @action(
        detail=False,
        methods=["get"],
        serializer_class=SalesSerializer,
        pagination_class=OnePage,
        is_list=True,
        parameters=("from", "to"),
    )
    def sales(self, request: Request) -> Response:
        """Sales by day, oldest first; days without any are left out."""
        asked = PeriodSerializer.parse_query(request)
        first, last = asked["from"], asked["to"]
        if not first <= last < first + MAX_PERIOD:
            raise InvalidPeriod(field="to")
        return Response(one_page(SalesSerializer(queries.get_sales_by_day(first, last), many=True).data))


routes: list[tuple[str, Any, str]] = [("insights", InsightsViewSet, "insights")]
