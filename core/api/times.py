"""Times on the wire: out in UTC with `Z`, in with an offset, so that none has to be guessed."""

from datetime import UTC, datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.filters import DateTimeField, DateTimeFilter

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
    """A time in a body, whatever the time zone of the site."""

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
