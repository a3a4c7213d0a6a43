"""Filters that take what they name and nothing else: a value that is not understood is an error, not another value."""

from datetime import datetime
from typing import Any, Final

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field

from core.forms import in_utc

BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


class StrictBooleanField(forms.Field):
    """`true`, `1`, `false` or `0`; None where nothing is given."""

    widget = forms.TextInput

    def to_python(self, value: str | None) -> bool | None:
        if value in self.empty_values or value is None:
            return None
        if (found := BOOLEANS.get(str(value).lower())) is None:
            raise ValidationError(_("Give true or false."), code="invalid")
        return found


class DateTimeField(IsoDateTimeField):
    """A moment in ISO 8601 that is one in UTC too: between the years 1 and 9999 there."""

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        return in_utc(moment) if moment else None


@extend_schema_field({"type": "boolean"})
class BooleanFilter(django_filters.Filter):
    field_class = StrictBooleanField


class DateTimeFilter(django_filters.IsoDateTimeFilter):
    field_class = DateTimeField
