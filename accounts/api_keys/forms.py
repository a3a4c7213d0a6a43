"""The form of a new key."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.permissions import scopes

LIFETIMES: Final = {"30": _("30 days"), "90": _("90 days"), "365": _("1 year"), "": _("No expiration")}


class ApiKeyForm(forms.Form):
    """Form to create an API key."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What the key is used for, so that you can recognise it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=scopes.CHOICES,
        help_text=_("A key can never do more than you can."),
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(label=_("Expiration"), choices=list(LIFETIMES.items()), initial="90", required=False)
    networks = forms.CharField(
        label=_("Allowed networks"),
        required=False,
        help_text=_("IP addresses or networks, one per line, such as 203.0.113.0/24. Leave empty to allow all."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "dir": "ltr"}),
    )

    def get_arguments(self, now: datetime) -> dict[str, Any]:
        """Return the arguments of `api_keys.add_key`."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "scopes": given["scopes"],
            "expires_at": now + timedelta(days=int(given["days"])) if given["days"] else None,
            "networks": given["networks"].split(),
        }
