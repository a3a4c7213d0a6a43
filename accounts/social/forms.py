"""Forms of social accounts."""

from typing import Any, cast

from allauth.socialaccount.forms import SignupForm as AllauthSignupForm
from allauth.socialaccount.internal.flows.connect import validate_disconnect
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.users.models import User


class DisconnectForm(forms.Form):
    """A social account, by provider and uid."""

    provider = forms.CharField(widget=forms.HiddenInput)
    uid = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        user = cast("User", self.request.user)
        mine = SocialAccount.objects.filter(user=user, provider=given.get("provider", ""), uid=given.get("uid", ""))
        self.account = mine.first()
        if self.account is None:
            raise forms.ValidationError(_("This account is not connected."))
        validate_disconnect(self.request, self.account)
        return given


class SignupForm(AllauthSignupForm):
    """The email address that the provider did not share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = gettext_lazy("Email address")
        self.fields["email"].widget.attrs.pop("placeholder", None)
