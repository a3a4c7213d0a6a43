"""Orders for programs: one's own, or all for staff."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.impersonation.queries import InName, acted_in_names
from core.api.fields import TimeField, UrlField
from core.api.idempotency import idempotent
from core.api.viewsets import In, NothingIn, Problem, ReadViewSet
from core.context import Actor
from core.errors import Unavailable
from core.events.models import Event
from shop.api.fields import AddressIn, AmountField, MinorField, PiecesField
from shop.filters import OrderFilter
from shop.models import Fulfilment, FulfilmentLine, Order, OrderLine, Payment, Refund
from shop.queries import orders as queries
from shop.return_urls import require_allowed
from shop.services import fulfilment, payment, refund
from shop.services import orders as verbs
from shop.timeline import told

SCOPE = {False: "shop:read", True: "shop:write"}
WRITES = {400: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}


class RefundIn(In):
    """An amount, or pieces by the uid of their line; neither means all that is left."""

    amount = AmountField(required=False)
    lines = PiecesField(required=False)
    restock = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=300)


class FulfilmentIn(In):
    """A parcel; without lines it holds all that is left to send."""

    lines = PiecesField(required=False)
    carrier = serializers.CharField(max_length=60, allow_blank=True, default="")
    tracking_code = serializers.CharField(max_length=80, allow_blank=True, default="")
    tracking_url = serializers.URLField(max_length=300, allow_blank=True, default="")


class PaymentIn(In):
    """How to pay, and where the provider sends the customer afterwards (the order's page when left out).

    `return_url` is an address of this site, or of one that PAYMENT_RETURN_ORIGINS names.
    """

    provider = serializers.CharField(max_length=20)
    return_url = serializers.URLField(max_length=400, default="")


class PaymentOut(serializers.Serializer[Payment]):
    """An attempt to pay. `action_url` is where the customer goes, when there is something to do."""

    uid = serializers.UUIDField()
    provider = serializers.CharField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    amount = MinorField()
    refunded = MinorField()
    action_url = UrlField()
    reference = serializers.CharField(source="provider_ref")


class RefundOut(serializers.Serializer[Refund]):
    """Money on its way back, or back."""

    uid = serializers.UUIDField()
    amount = MinorField(currency="payment.currency")
    state = serializers.ChoiceField(choices=Refund.State.choices)
    created_at = TimeField()
    done_at = TimeField(allow_null=True)


class OrderLineOut(serializers.Serializer[OrderLine]):
    """What was bought, as it was then."""

    uid = serializers.UUIDField()
    sku = serializers.CharField()
    product = serializers.CharField(source="product_slug")
    title = serializers.CharField()
    variant_title = serializers.CharField()
    quantity = serializers.IntegerField()
    unit = MinorField(currency="order.currency")
    total = MinorField(currency="order.currency")
    tax = MinorField(currency="order.currency")
    tax_rate = serializers.DecimalField(max_digits=6, decimal_places=5)
    quantity_fulfilled = serializers.IntegerField()
    quantity_refunded = serializers.IntegerField()
    quantity_cancelled = serializers.IntegerField()


class FulfilmentLineOut(serializers.Serializer[FulfilmentLine]):
    line = serializers.UUIDField(source="line.uid")
    quantity = serializers.IntegerField()


class FulfilmentOut(serializers.Serializer[Fulfilment]):
    """A parcel that left."""

    uid = serializers.UUIDField()
    at = TimeField()
    carrier = serializers.CharField()
    tracking_code = serializers.CharField()
    tracking_url = UrlField()
    lines = FulfilmentLineOut(many=True)


class InNameOut(serializers.Serializer[InName]):
    """A member of staff acted in a person's name."""

    staff = serializers.CharField()
    person = serializers.CharField()


class OrderEventOut(serializers.Serializer[Event]):
    """What happened to an order: the name and the moment of an event."""

    name = serializers.CharField()
    at = TimeField()
    in_name = serializers.SerializerMethodField(help_text="Who acted for whom; null for who acted as themselves.")

    @extend_schema_field(InNameOut(allow_null=True))
    def get_in_name(self, event: Event) -> dict[str, str] | None:
        found = self.context["in_names"].get(event.pk)
        return InNameOut(found).data if found else None


class OrderSummaryOut(serializers.Serializer[Any]):
    """An order in a list."""

    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Order.Status.choices)
    payment_status = serializers.ChoiceField(choices=Order.PaymentStatus.choices)
    fulfilment_status = serializers.ChoiceField(choices=Order.FulfilmentStatus.choices)
    email = serializers.EmailField()
    total = MinorField()
    placed_at = TimeField()
    paid_at = TimeField(allow_null=True)
    url = serializers.SerializerMethodField(help_text="Its page; opens without an account.")

    @extend_schema_field(UrlField)
    def get_url(self, order: Order) -> str:
        return reverse("shop:order", args=[order.number, order.signature])


class OrderOut(OrderSummaryOut):
    """An order with all that belongs to it."""

    subtotal = MinorField()
    discount = MinorField()
    shipping = MinorField()
    tax = MinorField()
    tax_included = serializers.BooleanField()
    shipping_name = serializers.CharField()
    shipping_address = AddressIn()
    billing_address = AddressIn()
    note = serializers.CharField()
    expires_at = TimeField()
    closed_at = TimeField(allow_null=True)
    lines = OrderLineOut(many=True)
    payments = PaymentOut(many=True)
    refunds = serializers.SerializerMethodField()
    fulfilments = FulfilmentOut(many=True)
    happened = serializers.SerializerMethodField(help_text="What happened to it, oldest first.")

    @extend_schema_field(RefundOut(many=True))
    def get_refunds(self, order: Order) -> list[dict[str, Any]]:
        found = [made for attempt in order.payments.all() for made in attempt.refunds.all()]
        return [RefundOut(made).data for made in found]

    @extend_schema_field(OrderEventOut(many=True))
    def get_happened(self, order: Order) -> list[dict[str, Any]]:
        events = told(queries.timeline(order))
        context = {"in_names": acted_in_names(events)}
        return [OrderEventOut(event, context=context).data for event in events]


TOKEN = OpenApiParameter(
    "token", str, description="The order's token from the answer that placed it: opens a guest's order without sign-in."
)
BY_TOKEN = frozenset({"retrieve", "payments", "cancellation"})


@extend_schema_view(retrieve=extend_schema(parameters=[TOKEN]))
class OrderViewSet(ReadViewSet[Order]):
    """One's own orders; all of them for staff who may see orders. A guest opens one with its token."""

    serializer_class = OrderOut
    required_scopes: ClassVar = {"GET": "shop:read", "POST": "shop:write"}
    lookup_field = "number"
    lookup_value_regex = "[A-Z0-9]+"
    filterset_class = OrderFilter
    ordering = ("-placed_at", "-id")
    ordering_fields: ClassVar = ("placed_at",)

    def get_queryset(self) -> QuerySet[Order]:
        # Scoping is the authorisation.
        visible = (
            queries.behind_link(self.kwargs["number"], self.token) if self.token else queries.visible_to(self.grant)
        )
        return visible if self.action == "list" else queries.with_everything(visible)

    def get_permissions(self) -> list[Any]:
        return [] if self.token else list(super().get_permissions())

    @property
    def token(self) -> str:
        """What a guest shows instead of signing in; a program with the scope acts as its person all the same."""
        is_asked = self.action in BY_TOKEN and SCOPE[self.request.method == "POST"] not in self.grant.scopes
        return self.request.query_params.get("token", "") if is_asked else ""

    @property
    def actor(self) -> Actor:
        return Actor.guest() if self.token else self.grant.actor

    @property
    def parameters(self) -> tuple[str, ...]:  # type: ignore[override]  # as the base class, by action
        return ("token",) if self.action == "retrieve" else ()

    @property
    def write_parameters(self) -> tuple[str, ...]:  # type: ignore[override]  # as the base class, by action
        return ("token",) if self.action in BY_TOKEN else ()

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return OrderSummaryOut if self.action == "list" else super().get_serializer_class()

    @extend_schema(responses={200: OrderSummaryOut(many=True), 403: Problem})
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Orders, newest first; one query however many."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(OrderSummaryOut(page, many=True).data)

    @extend_schema(request=RefundIn, responses={201: RefundOut, **WRITES})
    @action(detail=True, methods=["post"], filter_backends=[])
    @idempotent
    def refunds(self, request: Request, number: str) -> Response:
        """Ask for money to be given back; the worker carries it out."""
        asked = RefundIn.parse(request)
        made = refund.request_refund(order_id=self._id(number), by=self.grant.actor, **asked)
        return Response(RefundOut(made).data, status=201)

    @extend_schema(request=FulfilmentIn, responses={201: FulfilmentOut, **WRITES})
    @action(detail=True, methods=["post"], filter_backends=[])
    @idempotent
    def fulfilments(self, request: Request, number: str) -> Response:
        """Record a parcel."""
        asked = FulfilmentIn.parse(request)
        made = fulfilment.fulfil_order(order_id=self._id(number), by=self.grant.actor, **asked)
        return Response(FulfilmentOut(made).data, status=201)

    @extend_schema(parameters=[TOKEN], request=PaymentIn, responses={201: PaymentOut, 503: Problem, **WRITES})
    @action(detail=True, methods=["post"], filter_backends=[])
    def payments(self, request: Request, number: str) -> Response:
        """Begin to pay, or go on: an attempt that is under way is given again."""
        asked = PaymentIn.parse(request)
        order = self.get_object()
        attempt = payment.pay_order(
            order_id=order.pk,
            provider=asked["provider"],
            return_url=require_allowed(request, asked["return_url"]) or page_of(request, order),
            by=self.actor,
        )
        return Response(PaymentOut(attempt).data, status=201)

    @extend_schema(
        parameters=[TOKEN], request=None, responses={200: OrderSummaryOut, 403: Problem, 404: Problem, 409: Problem}
    )
    @action(detail=True, methods=["post"], filter_backends=[])
    def cancellation(self, request: Request, number: str) -> Response:
        """Cancel an order that waits for its payment."""
        NothingIn.parse(request)
        cancelled = verbs.cancel_order(order_id=self._id(number), by=self.actor)
        return Response(OrderSummaryOut(cancelled).data)

    def _id(self, number: str) -> int:
        """The key of an order this caller may see; nothing else of it is needed to act on it."""
        return self.get_object().pk


def begin_payment(request: Request, order: Order, provider: str, return_url: str, by: Actor) -> Payment | None:
    """Make a new order's payment known to its provider; None when there is nothing to pay or it does not answer."""
    if order.status != Order.Status.PENDING_PAYMENT:
        return None
    try:
        return payment.pay_order(
            order_id=order.pk, provider=provider, return_url=return_url or page_of(request, order), by=by
        )
    except Unavailable:
        return None


def page_of(request: Request, order: Order) -> str:
    """Where a provider sends the customer back to."""
    return request.build_absolute_uri(reverse("shop:payment_return", args=[order.number, order.signature]))
