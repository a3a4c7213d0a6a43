"""E-mail addresses in the input of the API."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers

from core.email_addresses import INVALID, canonical_email


class EmailField(serializers.EmailField):
    """An address in its one spelling."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return canonical_email(super().to_internal_value(data))
        except ValidationError:
            raise serializers.ValidationError(INVALID, code="invalid") from None
