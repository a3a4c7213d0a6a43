"""Forms of clients, and of a device's code."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.oauth.models import Client
from accounts.permissions import scopes

TEXTAREA_ATTRIBUTES = {"rows": 3, "spellcheck": "false", "dir": "ltr"}


class ClientForm(forms.Form):
    """A client of one's own. How it gets its tokens is chosen once."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("People read it when they are asked."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    flow = forms.ChoiceField(label=_("How it gets its tokens"), choices=Client.FLOWS, widget=forms.RadioSelect)
    is_public = forms.BooleanField(
        label=_("It cannot keep a secret"),
        required=False,
        help_text=_("A program on people's own machines or in their browsers."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may ask for"), choices=scopes.get_choices(), widget=forms.CheckboxSelectMultiple
    )
    redirect_uris = forms.CharField(
        label=_("Where people are sent back to"),
        required=False,
        help_text=_("Whole addresses, one a line; they are compared letter by letter."),
        widget=forms.Textarea(attrs=TEXTAREA_ATTRIBUTES),
    )
    logout_uris = forms.CharField(
        label=_("Where people are sent after signing out"),
        required=False,
        widget=forms.Textarea(attrs=TEXTAREA_ATTRIBUTES),
    )
    backchannel_logout_uri = forms.CharField(
        label=_("Where it is told that somebody signed out"),
        required=False,
        max_length=500,
        help_text=_("One https address; whenever a session here ends, a signed token is posted to it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr", "inputmode": "url"}),
    )
    backchannel_logout_session_required = forms.BooleanField(
        label=_("Only the session that ended is over there, too"),
        required=False,
        initial=True,
        help_text=_("The token names it (sid). Otherwise every session that the person has there is to end."),
    )

    def __init__(self, *args: Any, client: Client | None = None, **kwargs: Any) -> None:
        if client is not None:
            kwargs["initial"] = {
                "name": client.name,
                "scopes": client.scopes,
                "redirect_uris": "\n".join(client.redirect_uris.split()),
                "logout_uris": "\n".join(client.post_logout_redirect_uris.split()),
                "backchannel_logout_uri": client.backchannel_logout_uri,
                "backchannel_logout_session_required": client.backchannel_logout_session_required,
            }
        super().__init__(*args, **kwargs)
        if client is not None:
            del self.fields["flow"], self.fields["is_public"]

    def get_arguments(self) -> dict[str, Any]:
        """What `clients.add_client` and `clients.change_client` ask for."""
        lists = {name: self.cleaned_data[name].split() for name in ("redirect_uris", "logout_uris")}
        return {**self.cleaned_data, **lists}


class DeviceForm(forms.Form):
    """The code that a device shows. Small letters and gaps do no harm."""

    user_code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_user_code(self) -> str:
        return "".join(str(self.cleaned_data["user_code"]).upper().replace("-", " ").split())
