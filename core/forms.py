"""What pages share about forms: showing a refusal beside its field, and a field for moments."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class DateTimeField(forms.DateTimeField):
    """A moment within the years 1 to 9999 in UTC, too: PostgreSQL would keep others, but nothing could read them."""

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        return in_utc(moment) if moment else None


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValidationError where its year has no four digits there."""
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValidationError(_("This date and time is out of range."), code="invalid") from None


def add_error(form: BaseForm, refusal: DomainError) -> None:
    """Show a service's refusal on the form, at its field when the form has that field."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
