"""Filters of the security log."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.security_log import queries
from accounts.security_log.queries import LogFilters
from core.errors import DomainError
from core.forms import DateTimeField
from core.staff.read_only_admin import MOMENT


class SecurityLogForm(forms.Form):
    """A GET form."""

    person = forms.CharField(label=_("Person"), required=False, max_length=254, help_text=_("Email address or ID"))
    action = forms.ChoiceField(
        label=_("Action"),
        required=False,
        choices=lambda: [("", _("any")), *((name, name) for name in queries.actions())],
    )
    address = forms.CharField(label=_("Network"), required=False, max_length=43, help_text=_("IP address or network"))
    since = DateTimeField(label=_("Since"), required=False, widget=MOMENT)
    until = DateTimeField(label=_("Until"), required=False, widget=MOMENT)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        try:
            queries.get_entries(LogFilters(address=given.get("address", "")))
        except DomainError as refusal:
            self.add_error("address", refusal.detail)
        return given

    def get_filters(self) -> LogFilters:
        """Return the filters of a valid form."""
        return LogFilters(**{name: self.cleaned_data[name] for name in self.fields})
