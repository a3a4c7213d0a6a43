"""What every app's admin starts from."""

from django import forms
from django.db.models import Model
from django.http import HttpRequest

from core.staff.history import HistoryAdmin

# One field for date and time: the stock pair of fields has one label for two.
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ReadOnlyAdmin(HistoryAdmin):
    """Rows that people look at and never edit by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
