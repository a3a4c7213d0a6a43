"""Forms of the support desk."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from chat.support import queries as support_queries
from chat.support.models import SupportCase


class CaseForm(forms.Form):
    """Editable fields of a case. Omitted fields stay unchanged."""

    assignee = forms.ModelChoiceField(
        label=_("Assignee"),
        queryset=User.objects.none(),
        to_field_name="uid",
        required=False,
        empty_label=_("Unassigned"),
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=SupportCase.Priority.choices, coerce=int, required=False, empty_value=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agents: Any = self.fields["assignee"]
        agents.queryset = support_queries.get_agents()
