"""Addresses in answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "string", "format": "uri-reference"})
class UrlField(serializers.CharField):
    """An address, relative to the site's own where it is on this site (RFC 3986, 4.2)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)
