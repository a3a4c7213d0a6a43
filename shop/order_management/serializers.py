"""Orders in the API."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.impersonation.queries import ImpersonationNames, get_impersonation_names
from core.api.fields import TimeField, UrlField
from core.api.viewsets import In
from core.events.models import Event
from shop.addresses.serializers import AddressSerializer
from shop.cart.serializers import ItemsField
from shop.order_management import order_queries as queries
from shop.order_management.timeline import filter_buyer_events
from shop.orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from shop.payments.serializers import PaymentSerializer, RefundSerializer
from shop.pricing.serializers import MinorField


class FulfilmentCreateSerializer(In):
    """A parcel; without lines it holds all that is left to send."""

    lines = ItemsField(required=False)
    carrier = serializers.CharField(max_length=60, allow_blank=True, default="")
    tracking_code = serializers.CharField(max_length=80, allow_blank=True, default="")
    tracking_url = serializers.URLField(max_length=300, allow_blank=True, default="")


class OrderLineSerializer(serializers.Serializer[OrderLine]):
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


class FulfilmentLineSerializer(serializers.Serializer[FulfilmentLine]):
    line = serializers.UUIDField(source="line.uid")
    quantity = serializers.IntegerField()


class FulfilmentSerializer(serializers.Serializer[Fulfilment]):
    """A parcel that left."""

    uid = serializers.UUIDField()
    at = TimeField()
    carrier = serializers.CharField()
    tracking_code = serializers.CharField()
    tracking_url = UrlField()
    lines = FulfilmentLineSerializer(many=True)


class ImpersonationSerializer(serializers.Serializer[ImpersonationNames]):
    """A member of staff acted in a person's name."""

    staff = serializers.CharField()
    person = serializers.CharField()


class OrderEventSerializer(serializers.Serializer[Event]):
    """What happened to an order: the name and the moment of an event."""

    name = serializers.CharField()
    at = TimeField()
    in_name = serializers.SerializerMethodField(help_text="Who acted for whom; null for who acted as themselves.")

    @extend_schema_field(ImpersonationSerializer(allow_null=True))
    def get_in_name(self, event: Event) -> dict[str, str] | None:
        found = self.context["in_names"].get(event.pk)
        return ImpersonationSerializer(found).data if found else None


class OrderSummarySerializer(serializers.Serializer[Any]):
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


class OrderSerializer(OrderSummarySerializer):
    """An order with all that belongs to it."""

    subtotal = MinorField()
    discount = MinorField()
    shipping = MinorField()
    tax = MinorField()
    tax_included = serializers.BooleanField()
    shipping_name = serializers.CharField()
    shipping_address = AddressSerializer()
    billing_address = AddressSerializer()
    note = serializers.CharField()
    expires_at = TimeField()
    closed_at = TimeField(allow_null=True)
    lines = OrderLineSerializer(many=True)
    payments = PaymentSerializer(many=True)
    refunds = serializers.SerializerMethodField()
    fulfilments = FulfilmentSerializer(many=True)
    happened = serializers.SerializerMethodField(help_text="What happened to it, oldest first.")

    @extend_schema_field(RefundSerializer(many=True))
    def get_refunds(self, order: Order) -> list[dict[str, Any]]:
        found = [made for attempt in order.payments.all() for made in attempt.refunds.all()]
        return [RefundSerializer(made).data for made in found]

    @extend_schema_field(OrderEventSerializer(many=True))
    def get_happened(self, order: Order) -> list[dict[str, Any]]:
        events = filter_buyer_events(queries.get_events(order))
        context = {"in_names": get_impersonation_names(events)}
        return [OrderEventSerializer(event, context=context).data for event in events]
