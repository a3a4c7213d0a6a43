"""What staff look for in the security log."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.security_log import queries
from accounts.security_log.queries import LogFilters
from core.errors import DomainError
from core.forms import DateTimeField
from core.staff.read_only_admin import MOMENT


class SecurityLogForm(forms.Form):
    """A form of GET: its values stand in the page's address."""

    person = forms.CharField(label=_("Person"), required=False, max_length=254, help_text=_("E-mail address or id"))
    action = forms.ChoiceField(
        label=_("What happened"),
        required=False,
        choices=lambda: [("", _("anything")), *queries.action_choices()],
    )
    address = forms.CharField(label=_("From"), required=False, max_length=43, help_text=_("Address or network"))
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
        """What was asked for. Call it on a valid form."""
        return LogFilters(**{name: self.cleaned_data[name] for name in self.fields})
