"""Serializer fields and filters that several apps use."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import django_filters
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.filters import DateTimeField, DateTimeFilter
from core.validation.email_addresses import INVALID, canonical_email


@extend_schema_field({"type": "string", "format": "uri-reference"})
class UrlField(serializers.CharField):
    """An address, relative to the site's own where it is on this site (RFC 3986, 4.2)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)


class EmailField(serializers.EmailField):
    """An address in its one spelling."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return canonical_email(super().to_internal_value(data))
        except ValidationError:
            raise serializers.ValidationError(INVALID, code="invalid") from None


class KindField(serializers.ChoiceField):
    """One of the kinds that are registered when it is asked."""

    def __init__(self, kinds: Callable[[], list[str]], **kwargs: Any) -> None:
        super().__init__(choices=kinds(), **kwargs)


class KindFilter(django_filters.ChoiceFilter):
    """The same in a query."""

    def __init__(self, kinds: Callable[[], list[str]], **kwargs: Any) -> None:
        super().__init__(choices=lambda: [(kind, kind) for kind in kinds()], **kwargs)
        extend_schema_field({"type": "string", "enum": kinds()})(self)


class ReferenceOut(serializers.Serializer[Any]):
    """A thing by its kind and public id: a slug, a SKU, a number or a uid, as its own address has it."""

    kind = serializers.CharField()
    id = serializers.CharField()


OFFSET_MISSING: Final = _("Say the offset from UTC too, such as 2026-11-21T09:30:00Z or 2026-11-21T10:30:00+01:00.")


def in_utc(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def lacks_offset(given: Any) -> bool:
    """Whether a text is a time without an offset; what is no time at all is for others to refuse."""
    try:
        moment = parse_datetime(given.strip()) if isinstance(given, str) else None
    except ValueError:
        return False
    return moment is not None and moment.tzinfo is None


class TimeField(serializers.DateTimeField):
    """A time in a body, independent of the site's time zone."""

    default_error_messages = {"offset_missing": OFFSET_MISSING}  # noqa: RUF012  as in the package

    def to_internal_value(self, value: Any) -> datetime:
        if lacks_offset(value):
            self.fail("offset_missing")
        return super().to_internal_value(value)

    def to_representation(self, value: Any) -> Any:
        return in_utc(value) if isinstance(value, datetime) else super().to_representation(value)


class _QueryTimeField(DateTimeField):
    def to_python(self, value: Any) -> Any:
        if lacks_offset(value):
            raise ValidationError(OFFSET_MISSING, code="offset_missing")
        return super().to_python(value)


class TimeFilter(DateTimeFilter):
    """A time in a query."""

    field_class = _QueryTimeField
