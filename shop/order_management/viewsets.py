"""Orders for programs: one's own, or all for staff."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.idempotency import idempotent
from core.api.viewsets import NothingIn, Problem, ReadViewSet
from core.context import Actor
from core.errors import Unavailable
from shop.order_management import order_queries as queries
from shop.order_management.filters import OrderFilter
from shop.order_management.serializers import (
    FulfilmentCreateSerializer,
    FulfilmentSerializer,
    OrderSerializer,
    OrderSummarySerializer,
)
from shop.order_management.services import fulfilment
from shop.order_management.services import orders as verbs
from shop.orders.models import Order
from shop.payments.models import Payment
from shop.payments.return_urls import validate_return_url
from shop.payments.serializers import (
    PaymentCreateSerializer,
    PaymentSerializer,
    RefundCreateSerializer,
    RefundSerializer,
)
from shop.payments.services import payments as payment
from shop.payments.services import refunds as refund

SCOPES = {False: "shop:read", True: "shop:write"}
WRITE_RESPONSES = {400: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}


TOKEN_PARAMETER = OpenApiParameter(
    "token", str, description="The order's token from the answer that placed it: opens a guest's order without sign-in."
)
TOKEN_ACTIONS = frozenset({"retrieve", "payments", "cancellation"})


@extend_schema_view(retrieve=extend_schema(parameters=[TOKEN_PARAMETER]))
class OrderViewSet(ReadViewSet[Order]):
    """One's own orders; all of them for staff who may see orders. A guest opens one with its token."""

    serializer_class = OrderSerializer
    required_scopes: ClassVar = {"GET": "shop:read", "POST": "shop:write"}
    lookup_field = "number"
    lookup_value_regex = "[A-Z0-9]+"
    filterset_class = OrderFilter
    ordering = ("-placed_at", "-id")
    ordering_fields: ClassVar = ("placed_at",)

    def get_queryset(self) -> QuerySet[Order]:
        # Scoping is the authorisation.
        visible = (
            queries.get_order_by_link(self.kwargs["number"], self.token)
            if self.token
            else queries.get_visible_orders(self.grant)
        )
        return visible if self.action == "list" else queries.prefetch_order_details(visible)

    def get_permissions(self) -> list[Any]:
        return [] if self.token else list(super().get_permissions())

    @property
    def token(self) -> str:
        """What a guest shows instead of signing in; a program with the scope acts as its person all the same."""
        is_asked = self.action in TOKEN_ACTIONS and SCOPES[self.request.method == "POST"] not in self.grant.scopes
        return self.request.query_params.get("token", "") if is_asked else ""

    @property
    def actor(self) -> Actor:
        return Actor.guest() if self.token else self.grant.actor

    @property
    def parameters(self) -> tuple[str, ...]:  # type: ignore[override]  # as the base class, by action
        return ("token",) if self.action == "retrieve" else ()

    @property
    def write_parameters(self) -> tuple[str, ...]:  # type: ignore[override]  # as the base class, by action
        return ("token",) if self.action in TOKEN_ACTIONS else ()

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return OrderSummarySerializer if self.action == "list" else super().get_serializer_class()

    @extend_schema(responses={200: OrderSummarySerializer(many=True), 403: Problem})
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Orders, newest first; one query however many."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(OrderSummarySerializer(page, many=True).data)

    @extend_schema(request=RefundCreateSerializer, responses={201: RefundSerializer, **WRITE_RESPONSES})
    @action(detail=True, methods=["post"], filter_backends=[])
    @idempotent
    def refunds(self, request: Request, number: str) -> Response:
        """Ask for money to be given back; the worker carries it out."""
        asked = RefundCreateSerializer.parse(request)
        made = refund.request_refund(order_id=self._id(number), by=self.grant.actor, **asked)
        return Response(RefundSerializer(made).data, status=201)

    @extend_schema(request=FulfilmentCreateSerializer, responses={201: FulfilmentSerializer, **WRITE_RESPONSES})
    @action(detail=True, methods=["post"], filter_backends=[])
    @idempotent
    def fulfilments(self, request: Request, number: str) -> Response:
        """Record shipment."""
        asked = FulfilmentCreateSerializer.parse(request)
        made = fulfilment.fulfil_order(order_id=self._id(number), by=self.grant.actor, **asked)
        return Response(FulfilmentSerializer(made).data, status=201)

    @extend_schema(
        parameters=[TOKEN_PARAMETER],
        request=PaymentCreateSerializer,
        responses={201: PaymentSerializer, 503: Problem, **WRITE_RESPONSES},
    )
    @action(detail=True, methods=["post"], filter_backends=[])
    def payments(self, request: Request, number: str) -> Response:
        """Begin to pay, or go on: an attempt that is under way is given again."""
        asked = PaymentCreateSerializer.parse(request)
        order = self.get_object()
        attempt = payment.pay_order(
            order_id=order.pk,
            provider=asked["provider"],
            return_url=validate_return_url(request, asked["return_url"]) or get_payment_return_url(request, order),
            by=self.actor,
        )
        return Response(PaymentSerializer(attempt).data, status=201)

    @extend_schema(
        parameters=[TOKEN_PARAMETER],
        request=None,
        responses={200: OrderSummarySerializer, 403: Problem, 404: Problem, 409: Problem},
    )
    @action(detail=True, methods=["post"], filter_backends=[])
    def cancellation(self, request: Request, number: str) -> Response:
        """Cancel an order that waits for its payment."""
        NothingIn.parse(request)
        cancelled = verbs.cancel_order(order_id=self._id(number), by=self.actor)
        return Response(OrderSummarySerializer(cancelled).data)

    def _id(self, number: str) -> int:
        """The key of an order this caller may see; nothing else of it is needed to act on it."""
        return self.get_object().pk


def start_order_payment(request: Request, order: Order, provider: str, return_url: str, by: Actor) -> Payment | None:
    """Make a new order's payment known to its provider; None when there is nothing to pay or it does not answer."""
    if order.status != Order.Status.PENDING_PAYMENT:
        return None
    try:
        return payment.pay_order(
            order_id=order.pk, provider=provider, return_url=return_url or get_payment_return_url(request, order), by=by
        )
    except Unavailable:
        return None


def get_payment_return_url(request: Request, order: Order) -> str:
    """Where a provider sends the customer back to."""
    return request.build_absolute_uri(reverse("shop:payment_return", args=[order.number, order.signature]))
