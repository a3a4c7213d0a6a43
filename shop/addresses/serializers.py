"""Postal addresses in the API."""

from rest_framework import serializers

from core.api.viewsets import In


class AddressSerializer(In):
    """A postal address. The required fields depend on the country."""

    name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    company = serializers.CharField(max_length=120, allow_blank=True, required=False)
    street = serializers.CharField(max_length=160, allow_blank=True, required=False)
    extra = serializers.CharField(max_length=160, allow_blank=True, required=False)
    postcode = serializers.CharField(max_length=40, allow_blank=True, required=False)
    city = serializers.CharField(max_length=100, allow_blank=True, required=False)
    region = serializers.CharField(max_length=100, allow_blank=True, required=False)
    country = serializers.CharField(max_length=2, allow_blank=True, required=False)
    phone = serializers.CharField(max_length=40, allow_blank=True, required=False)
