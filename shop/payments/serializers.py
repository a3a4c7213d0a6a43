"""Payments and refunds in the API."""

from rest_framework import serializers

from core.api.fields import TimeField, UrlField
from core.api.viewsets import In
from shop.cart.serializers import ItemsField
from shop.payments.models import Payment, Refund
from shop.pricing.serializers import AmountField, MinorField


class RefundCreateSerializer(In):
    """An amount, or pieces by the uid of their line; neither means all that is left."""

    amount = AmountField(required=False)
    lines = ItemsField(required=False)
    restock = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=300)


class PaymentCreateSerializer(In):
    """How to pay, and where the provider sends the customer afterwards (the order's page when left out).

    `return_url` is an address of this site, or of one that PAYMENT_RETURN_ORIGINS names.
    """

    provider = serializers.CharField(max_length=20)
    return_url = serializers.URLField(max_length=400, default="")


class PaymentSerializer(serializers.Serializer[Payment]):
    """An attempt to pay. `action_url` is where the customer goes, when there is something to do."""

    uid = serializers.UUIDField()
    provider = serializers.CharField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    amount = MinorField()
    refunded = MinorField()
    action_url = UrlField()
    reference = serializers.CharField(source="provider_ref")


class RefundSerializer(serializers.Serializer[Refund]):
    """Money on its way back, or back."""

    uid = serializers.UUIDField()
    amount = MinorField(currency="payment.currency")
    state = serializers.ChoiceField(choices=Refund.State.choices)
    created_at = TimeField()
    done_at = TimeField(allow_null=True)
