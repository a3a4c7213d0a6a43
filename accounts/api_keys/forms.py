"""The form of a new key."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.permissions import scopes

LIFETIMES: Final = {"30": _("30 days"), "90": _("90 days"), "365": _("a year"), "": _("until it is revoked")}


class ApiKeyForm(forms.Form):
    """A key for a program. Few scopes and a short life are the choice to begin with."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("The program that will use it, so that you know it again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=scopes.CHOICES,
        help_text=_("Never more than you may do yourself."),
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(
        label=_("How long it works"), choices=list(LIFETIMES.items()), initial="90", required=False
    )
    networks = forms.CharField(
        label=_("Accepted from"),
        required=False,
        help_text=_("Addresses or networks, one a line, such as 203.0.113.0/24. Leave it empty for everywhere."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "dir": "ltr"}),
    )

    def get_arguments(self, now: datetime) -> dict[str, Any]:
        """What `api_keys.add_key` asks for."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "scopes": given["scopes"],
            "expires_at": now + timedelta(days=int(given["days"])) if given["days"] else None,
            "networks": given["networks"].split(),
        }
