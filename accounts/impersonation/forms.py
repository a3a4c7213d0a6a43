"""Why somebody acts in another's name."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("What they asked for, or the number of their order. It is kept, and whoever audits reads it."),
    )
