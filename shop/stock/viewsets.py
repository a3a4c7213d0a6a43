"""Stock for programs of staff: what lies where, and every change of it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.idempotency import HEADER, idempotent
from core.api.viewsets import GrantedViewMixin, In, Problem, ReadViewSet
from core.context import Actor
from core.ids import uuid7
from shop.stock import services as stock
from shop.stock.models import StockLevel, StockMovement

MAX_CHANGE = 100_000
ALLOWED_REASONS = [("received", "received"), ("adjusted", "adjusted")]


class LevelMovementCreateSerializer(In):
    """Pieces that came in, or a correction (up or down) with its reason."""

    reason = serializers.ChoiceField(choices=ALLOWED_REASONS)
    quantity = serializers.IntegerField(min_value=-MAX_CHANGE, max_value=MAX_CHANGE)
    cause = serializers.ChoiceField(
        choices=StockMovement.Cause.choices,
        default=StockMovement.Cause.OTHER,
        help_text="Why a count is corrected; `other` needs a note.",
    )
    note = serializers.CharField(max_length=200, allow_blank=True, default="")


class StockMovementCreateSerializer(LevelMovementCreateSerializer):
    """The same for any SKU; the first pieces in a warehouse make its stock level."""

    sku = serializers.CharField(max_length=60)
    warehouse = serializers.SlugField(max_length=30, allow_blank=True, default="", help_text="The first by default.")


class StockLevelSerializer(serializers.ModelSerializer[StockLevel]):
    """How many pieces of a variant a warehouse has, and how many of them are promised."""

    uid = serializers.UUIDField()
    sku = serializers.CharField(source="variant.sku")
    warehouse = serializers.CharField(source="warehouse.code")
    available = serializers.IntegerField(help_text="Can be sold now, backorders included.")

    class Meta:
        model = StockLevel
        fields = ("uid", "sku", "warehouse", "on_hand", "reserved", "available", "backorder_limit", "low_at")


class StockLevelFilter(django_filters.FilterSet):
    """Levels of a variant, in a warehouse."""

    sku = django_filters.CharFilter(field_name="variant__sku")
    warehouse = django_filters.CharFilter(field_name="warehouse__code")


class StockLevelViewSet(ReadViewSet[StockLevel]):
    """Levels by warehouse and variant, for those who may see them."""

    serializer_class = StockLevelSerializer
    required_permission = "shop.view_stocklevel"
    required_scopes: ClassVar = {"GET": "shop:read", "POST": "shop:write"}
    lookup_field = "uid"
    lookup_value_regex = "[0-9a-f-]{36}"
    filterset_class = StockLevelFilter
    ordering = ("id",)
    queryset = StockLevel.objects.select_related("variant", "warehouse")

    @extend_schema(
        request=LevelMovementCreateSerializer,
        responses={201: StockLevelSerializer, 400: Problem, 403: Problem, 409: Problem, 422: Problem},
    )
    @action(detail=True, methods=["post"], filter_backends=[])
    @idempotent
    def movements(self, request: Request, uid: str) -> Response:
        """Receive pieces, or correct the count."""
        asked = LevelMovementCreateSerializer.parse(request)
        level = self.get_object()
        changed = apply_movement(
            request, self.grant.actor, asked, sku=level.variant.sku, warehouse=level.warehouse.code
        )
        return Response(StockLevelSerializer(changed).data, status=201)


class StockMovementViewSet(GrantedViewMixin, viewsets.ViewSet):
    """Movements of stock, for any SKU."""

    serializer_class = StockLevelSerializer
    required_scopes: ClassVar = {"POST": "shop:write"}

    @extend_schema(
        request=StockMovementCreateSerializer,
        responses={201: StockLevelSerializer, 400: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Receive pieces of a SKU, the first ones too, or correct their count."""
        asked = StockMovementCreateSerializer.parse(request)
        changed = apply_movement(request, self.grant.actor, asked, sku=asked["sku"], warehouse=asked["warehouse"])
        return Response(StockLevelSerializer(changed).data, status=201)


def apply_movement(request: Request, by: Actor, asked: Mapping[str, Any], *, sku: str, warehouse: str) -> StockLevel:
    """Carry a movement out once for each idempotency key."""
    about: dict[str, Any] = {
        "sku": sku,
        "warehouse": warehouse,
        "note": asked["note"],
        "key": f"api:{by.id}:{request.headers.get(HEADER) or uuid7()}",
        "by": by,
    }
    if asked["reason"] == StockMovement.Reason.RECEIVED:
        return stock.receive_stock(quantity=asked["quantity"], **about)
    return stock.adjust_stock(change=asked["quantity"], cause=asked["cause"], **about)
