"""Forms of OAuth apps and of device codes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.oauth.models import Client
from accounts.permissions import scopes

TEXTAREA_ATTRIBUTES = {"rows": 3, "spellcheck": "false", "dir": "ltr"}


class ClientForm(forms.Form):
    """An OAuth app. The grant type cannot be changed later."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Shown to people when they are asked for consent."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    flow = forms.ChoiceField(label=_("Grant type"), choices=Client.FLOWS, widget=forms.RadioSelect)
    is_public = forms.BooleanField(
        label=_("Public client (cannot keep a secret)"),
        required=False,
        help_text=_("A mobile, desktop or single-page app."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=scopes.get_choices(), widget=forms.CheckboxSelectMultiple
    )
    redirect_uris = forms.CharField(
        label=_("Redirect URIs"),
        required=False,
        help_text=_("Full URLs, one per line. They must match exactly."),
        widget=forms.Textarea(attrs=TEXTAREA_ATTRIBUTES),
    )
    logout_uris = forms.CharField(
        label=_("Post-logout redirect URIs"),
        required=False,
        widget=forms.Textarea(attrs=TEXTAREA_ATTRIBUTES),
    )
    backchannel_logout_uri = forms.CharField(
        label=_("Back-channel logout URL"),
        required=False,
        max_length=500,
        help_text=_("An https URL. We post a signed token to it when a session ends."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr", "inputmode": "url"}),
    )
    backchannel_logout_session_required = forms.BooleanField(
        label=_("Include the session ID"),
        required=False,
        initial=True,
        help_text=_(
            "The token contains the session ID (sid). Without it, the app must end all sessions of the person."
        ),
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
        """Return the arguments of `clients.add_client` and `clients.change_client`."""
        lists = {name: self.cleaned_data[name].split() for name in ("redirect_uris", "logout_uris")}
        return {**self.cleaned_data, **lists}


class DeviceForm(forms.Form):
    """The code of a device. Case and spaces are ignored."""

    user_code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_user_code(self) -> str:
        return "".join(str(self.cleaned_data["user_code"]).upper().replace("-", " ").split())
